"""The exported model over vecd's own operators, on 3,000 sentences of the STS benchmark."""

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.workload.sts import read_pairs
from export.cpu import BF16_FROM_TOKENS
from models import ARTIFACTS, ATTENTIONS, KernelsMissing, kernels_library, load_manifest
from models.tokenizer import open_tokenizer
from server.documents.provenance import COSINE_LEAST
from server.engine.sessions.selfcheck import SESSIONS, sessions_with

pytestmark = pytest.mark.e2e

FOLDER = ARTIFACTS / "all-MiniLM-L6-v2"
LARGEST_BATCH = 64

Rows = NDArray[np.float32]


@pytest.fixture(scope="module")
def encodings(sts: Path) -> list[list[int]]:
    library = kernels_library()
    if isinstance(library, KernelsMissing):
        pytest.skip(library.reason)
    tokenizer = open_tokenizer(FOLDER / "tokenizer.json", load_manifest(FOLDER).max_tokens)
    texts = [text for pair in read_pairs(sts, "dev") for text in (pair.first, pair.second)]
    # Every fiftieth text is a passage, so that lengths reach the model's limit.
    texts[::50] = [" ".join(texts[i : i + 25]) for i in range(0, len(texts), 50)]
    return [tokenizer.encode(text).ids for text in texts]


def embed(variant: str, encodings: list[list[int]], *, all_cores: bool = False, at_once: int = 1) -> Rows:
    manifest = load_manifest(FOLDER)
    (found,) = (one for one in manifest.variants if one.name == variant)
    session = SESSIONS[found.layout](FOLDER / found.file, "cpu", 2)
    batches = [encodings[start : start + at_once] for start in range(0, len(encodings), at_once)]
    return np.concatenate([session.run(batch, "sentence_embedding", all_cores=all_cores) for batch in batches])


def test_three_thousand_texts_are_those_of_the_portable_graph(encodings: list[list[int]]) -> None:
    cosines = (embed("int8-fused", encodings) * embed("int8", encodings)).sum(axis=1)
    assert len(cosines) == 3000
    assert cosines.mean() > 0.999
    assert cosines.min() > 0.99


def test_all_attentions_are_as_near_as_the_first_lines_say(sts: Path) -> None:
    tokenizer = open_tokenizer(FOLDER / "tokenizer.json", load_manifest(FOLDER).max_tokens)
    sentences = [text for pair in read_pairs(sts, "dev")[:400] for text in (pair.first, pair.second)]
    short = [tokenizer.encode(text).ids for text in sentences]
    long = [tokenizer.encode(" ".join(sentences[i : i + 12])).ids for i in range(0, len(sentences), 12)]
    assert max(map(len, short)) < BF16_FROM_TOKENS
    sessions = [sessions_with(way)["ragged"](FOLDER / "model.int8-fused.onnx", "cpu", 1) for way in ATTENTIONS]
    assert len({np.asarray(session.run(short, "sentence_embedding")).tobytes() for session in sessions}) == 1
    rows = [np.asarray(session.run(long, "sentence_embedding")) for session in sessions]
    for one, other in combinations(rows, 2):
        cosines = (one * other).sum(axis=1)
        assert 0.999 < cosines.mean() < 1
        assert cosines.min() >= COSINE_LEAST


def test_no_text_has_other_bits_in_any_batch_on_any_cores_or_beside_other_runs(encodings: list[list[int]]) -> None:
    alone = embed("int8-fused", encodings)
    for all_cores, at_once in ((False, LARGEST_BATCH), (True, LARGEST_BATCH), (True, 1), (False, len(encodings))):
        assert embed("int8-fused", encodings, all_cores=all_cores, at_once=at_once).tobytes() == alone.tobytes()
    session = SESSIONS["ragged"](FOLDER / "model.int8-fused.onnx", "cpu", 2)

    def run(start: int) -> Rows:
        batch = encodings[start : start + LARGEST_BATCH]
        return np.asarray(session.run(batch, "sentence_embedding", all_cores=start % 3 == 0))

    with ThreadPoolExecutor(4) as pool:
        together = np.concatenate(list(pool.map(run, range(0, len(encodings), LARGEST_BATCH))))
    assert together.tobytes() == alone.tobytes()
