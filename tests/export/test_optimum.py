"""What optimum and transformers say of the same weights: torch's BERT, optimum's fp32 export, and its fusions for CUDA.

The first of these tests makes the environment of optimum, torch included, where it is not there yet.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from bench.graphs.in_process import feeds
from bench.peers.stock import prepare_stock
from export import (
    Checkpoint,
    Request,
    bare_environment,
    export_artifact,
    find_checkpoint,
    prepare_optimum,
    read_corpus,
    run_command,
)
from export.bert import Fp32Linear, build_bert
from export.checkpoint import read_checkpoint
from export.reference import embed_reference
from export.runner import GraphRunner
from models import ARTIFACTS, load_catalog, load_manifest, verify_file
from models.runtime import onnxruntime
from models.tokenizer import open_tokenizer
from server.engine.sessions.padded import PaddedSession
from tests.export.cuda_kernels import without_kernel
from tests.tiny import FUSED, SilentProgress, tiny_entry, write_checkpoint

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

SCRIPT = Path(__file__).parent / "bert_outputs.py"
TOKENS = Path(__file__).parent / "special_tokens.py"
REAL = ARTIFACTS / "all-MiniLM-L6-v2"


def case(hidden: int, heads: int, layers: int, positions: int = 64, kind: str = "BertModel") -> dict[str, object]:
    config = {
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "intermediate_size": 4 * hidden if hidden < 512 else hidden + 64,
        "vocab_size": 90 + hidden % 7,
        "max_position_embeddings": positions,
        "initializer_range": 2 / hidden**0.5 / 3,
    }
    return {"class": kind, "half": False, "config": config, "lengths": [1, 2, 9, positions]}


# Widths and head sizes of the family, from MiniLM's 384 in heads of 32 to bert-large's 1,024 in heads of 64.
CASES = {
    "64-in-32s": case(64, 2, 3, positions=40),
    "128-in-64s": case(128, 2, 4, positions=17),
    "384-in-32s": case(384, 12, 2, positions=128),
    "512-in-64s": case(512, 8, 1, positions=512),
    "768-in-64s": case(768, 12, 1),
    "1024-in-64s": case(1024, 16, 1),
    "masked-language-model": case(64, 1, 2, kind="BertForMaskedLM"),
    "half-precision": case(64, 2, 2) | {"half": True},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of transformers' own making for each case, and what its BertModel computes."""
    folder = tmp_path_factory.mktemp("transformers")
    (folder / "cases.json").write_text(json.dumps([{"name": name, **one} for name, one in CASES.items()]))
    run_command([str(prepare_optimum()), str(SCRIPT), str(folder)], bare_environment())
    return folder


@pytest.mark.parametrize("name", CASES)
def test_the_fp32_graph_equals_transformers(made: Path, name: str, tmp_path: Path) -> None:
    entry = tiny_entry(write_checkpoint(tmp_path / "checkpoint"))
    config, weights = read_checkpoint(Checkpoint(made / name, "folder", "made here"), entry)
    outputs = np.load(made / name / "outputs.npz")
    for pooling in ("mean", "cls"):
        runner = GraphRunner(build_bert(config, weights, Fp32Linear(), pooling))
        for at in range(4):
            ids, hidden = outputs[f"ids_{at}"].tolist(), outputs[f"hidden_{at}"]
            sentence, tokens = runner.run(ids, ["sentence_embedding", "token_embeddings"])
            assert np.abs(tokens - hidden).max() < 1e-5
            pooled = hidden.mean(axis=0) if pooling == "mean" else hidden[0]
            assert np.abs(sentence - pooled / np.linalg.norm(pooled)).max() < 1e-5
            assert np.abs(sentence - embed_reference(config, weights, ids, pooling)).max() < 1e-5


def test_the_fp32_graph_equals_optimums_export_on_200_texts() -> None:
    manifest = load_manifest(REAL)
    tokenizer = open_tokenizer(REAL / manifest.tokenizer, manifest.max_tokens)
    ours = GraphRunner(onnx.load(verify_file(REAL, manifest, "model.fp32.onnx")))
    theirs = onnxruntime.InferenceSession(str(prepare_stock(manifest).fp32), providers=["CPUExecutionProvider"])
    inputs = [value.name for value in theirs.get_inputs()]
    texts = [*read_corpus("verification"), *read_corpus("calibration")][:200]
    assert len(texts) == 200
    differences = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        (tokens,) = theirs.run(["last_hidden_state"], feeds(inputs, np.array([ids], np.int64)))[0]
        pooled = tokens.mean(axis=0)
        differences.append(np.abs(ours.embed(ids) - pooled / np.linalg.norm(pooled)).max())
    assert max(differences) < 1e-5


def test_special_tokens_in_a_text_are_what_transformers_makes_of_them(tmp_path: Path) -> None:
    """They are the tokens themselves, and seen: transformers' mask hides only the padding that it adds."""
    manifest = load_manifest(REAL)
    path = REAL / manifest.tokenizer
    texts = ["[PAD]", "a [PAD] b", "[CLS] x [SEP] [PAD] [PAD]", "[MASK][UNK]", "[pad] [ PAD ]", "x[SEP]y", "plain"]
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    files = [str(tmp_path / name) for name in ("texts.json", "tokens.json")]
    run_command([str(prepare_optimum()), str(TOKENS), str(path.resolve()), *files], bare_environment())
    tokenizer = open_tokenizer(path, manifest.max_tokens)
    for text, found in zip(texts, json.loads((tmp_path / "tokens.json").read_text()), strict=True):
        seen = [token for token, mask in zip(found["ids"], found["mask"], strict=True) if mask]
        assert tokenizer.encode(text).ids == seen, text


def test_a_model_with_cls_pooling_and_heads_of_64_is_exported_for_both_providers(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "checkpoint", hidden_size=128, intermediate_size=256)
    entry = tiny_entry(checkpoint, "cls")
    source = Checkpoint(checkpoint, "folder", "made here")
    folder = export_artifact("wide", entry, source, tmp_path / "models", SilentProgress(), "all")
    manifest = load_manifest(folder)
    assert [variant.name for variant in manifest.variants] == ["fp16", *FUSED, "int8", "int8-reduced", "fp32"]
    assert without_kernel(onnx.load(folder / "model.fp16.onnx")) == []
    fp16 = manifest.variants[0]
    assert (fp16.providers, fp16.layout, fp16.fidelity.measured_on) == (("cuda",), "padded", "cpu")
    assert fp16.fidelity.cosine_min > 0.9999


def test_the_real_model_is_exported_for_cuda(tmp_path: Path) -> None:
    source = load_manifest(REAL)
    entry = load_catalog()["all-MiniLM-L6-v2"]
    checkpoint = find_checkpoint(Request("all-MiniLM-L6-v2", entry, "auto", entry.revision))
    folder = export_artifact("all-MiniLM-L6-v2", entry, checkpoint, tmp_path, SilentProgress(), "cuda")
    manifest = load_manifest(folder)
    assert manifest.model_fingerprint == source.model_fingerprint
    assert [variant.name for variant in manifest.variants] == ["fp16", "fp32"]
    assert without_kernel(onnx.load(folder / "model.fp16.onnx")) == []
    assert manifest.variants[0].fidelity.cosine_min > 0.9999
    check_batches(folder, source.max_tokens)


def check_batches(folder: Path, max_tokens: int) -> None:
    """Texts of all lengths in one run, on the CPU's kernels, are the texts alone as far as fp16 goes."""
    tokenizer = open_tokenizer(folder / "tokenizer.json", max_tokens)
    session = PaddedSession(folder / "model.fp16.onnx", "cpu", 1)
    encodings = [tokenizer.encode(text).ids for text in read_corpus("verification")[:32]]
    together = session.run(encodings, "sentence_embedding")
    for ids, row in zip(encodings, together, strict=True):
        assert session.run([ids], "sentence_embedding")[0] @ row > 0.9999
