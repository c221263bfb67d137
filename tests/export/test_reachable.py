"""The exported model on texts that no corpus holds: each token of its vocabulary, special tokens in users' texts."""

from collections.abc import Iterator

import numpy as np
import onnx
import pytest

from export.checkpoint import TOKENIZER
from export.runner import GraphRunner
from models import ARTIFACTS, KernelsLibrary, Manifest, kernels_library, lacks_all, load_manifest, verify_file
from models.tokenizer import open_tokenizer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

FOLDER = ARTIFACTS / "all-MiniLM-L6-v2"
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
TEMPLATES = (
    "{}",
    "{} {} {}",
    "What is {} for?",
    "The {} token fills the end of a batch.",
    "Attention masks hide {} from the model, so that {} has no effect.",
    "[CLS] how tall is the tower [SEP] {} {} {} {} {} {}",
)


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return load_manifest(FOLDER)


@pytest.fixture(scope="module")
def fp32(manifest: Manifest) -> GraphRunner:
    return GraphRunner(onnx.load(verify_file(FOLDER, manifest, "model.fp32.onnx")))


@pytest.fixture(scope="module")
def int8(manifest: Manifest) -> dict[str, GraphRunner]:
    """Every int8 variant that this processor can run."""
    return dict(runners(manifest))


def runners(manifest: Manifest) -> Iterator[tuple[str, GraphRunner]]:
    library = kernels_library()
    for variant in manifest.variants:
        if variant.precision == "int8" and not lacks_all(variant.instructions):
            operators = library if variant.layout == "ragged" and isinstance(library, KernelsLibrary) else None
            yield variant.name, GraphRunner(onnx.load(verify_file(FOLDER, manifest, variant.file)), operators)


def test_no_token_of_the_vocabulary_is_far_from_fp32(fp32: GraphRunner, int8: dict[str, GraphRunner]) -> None:
    texts = [[101, token, 102] for token in range(30522)]
    expected = fp32.embed_all(texts)
    for name, runner in int8.items():
        cosines = (runner.embed_all(texts) * expected).sum(axis=1)
        assert cosines.min() >= 0.98, (name, int(cosines.argmin()))


def test_special_tokens_in_a_users_text_are_not_far_from_fp32(
    manifest: Manifest, fp32: GraphRunner, int8: dict[str, GraphRunner]
) -> None:
    tokenizer = open_tokenizer(FOLDER / TOKENIZER, manifest.max_tokens)
    texts = [template.replace("{}", token) for template in TEMPLATES for token in SPECIAL]
    texts += [" ".join([token] * count) for token in SPECIAL for count in (2, 10, 50, 200)]
    for text in texts:
        ids = tokenizer.encode(text).ids
        for name, runner in int8.items():
            assert runner.embed(ids) @ fp32.embed(ids) >= 0.98, (name, text)


def test_a_special_token_in_a_text_is_the_token_and_is_seen(manifest: Manifest, fp32: GraphRunner) -> None:
    """As sentence-transformers has it: tests/export/test_optimum.py asks transformers."""
    tokenizer = open_tokenizer(FOLDER / TOKENIZER, manifest.max_tokens)
    assert [tokenizer.encode(token).ids for token in SPECIAL] == [[101, i, 102] for i in (0, 100, 101, 102, 103)]
    with_it, without = (fp32.embed(tokenizer.encode(text).ids) for text in ("fills [PAD] the", "fills the"))
    assert np.abs(with_it - without).max() > 0.01
