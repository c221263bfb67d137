"""Texts of any lengths in one run: padded, masked, and given back without the padding."""

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from export.bert import BertConfig
from export.cuda_graph import finish_graph
from models import Manifest, file_record, load_manifest, write_manifest
from models.tokenizer import open_tokenizer
from server.contract.errors import InferenceError, StartError
from server.engine.sessions.padded import PaddedSession, pad
from server.engine.sessions.selfcheck import Host, choose_variant
from tests.fused import fuse_by_hand
from tests.tiny import HIDDEN, MAX_TOKENS, TINY, tiny_config, tiny_weights

CONFIG = msgspec.convert(tiny_config(), BertConfig)
ENCODINGS = [[2, 9, 3], [2, 3], [2, *range(10, 30), 3], [2, 9, 8, 3]]


def write_graph(path: Path) -> None:
    weights = tiny_weights(seed=0)
    positions = weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
    positions = positions + weights["embeddings.token_type_embeddings.weight"][0]
    graph = finish_graph(fuse_by_hand(CONFIG, weights).fp16, positions, "mean")
    path.write_bytes(graph.SerializeToString())


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> PaddedSession:
    path = tmp_path_factory.mktemp("padded") / "model.fp16.onnx"
    write_graph(path)
    return PaddedSession(path, "cpu", 2)


def test_padding_stands_behind_each_text_and_the_mask_hides_it() -> None:
    ids, mask = pad([[5, 6, 7], [8]])
    assert ids.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
    assert ids.dtype == mask.dtype == np.int64


@pytest.mark.parametrize("output", ["sentence_embedding", "pooled"])
def test_a_text_among_longer_ones_is_the_text_alone_up_to_fp16(session: PaddedSession, output: str) -> None:
    together = session.run(ENCODINGS, output)
    assert np.asarray(together).shape == (4, HIDDEN)
    for ids, row in zip(ENCODINGS, together, strict=True):
        assert np.abs(row - session.run([ids], output)[0]).max() < 2e-3


def test_token_embeddings_come_without_the_padding(session: PaddedSession) -> None:
    rows = session.run(ENCODINGS, "token_embeddings")
    assert [row.shape for row in rows] == [(len(ids), HIDDEN) for ids in ENCODINGS]
    assert all(row.dtype == np.float32 for row in rows)


def test_a_run_that_fails_says_what_it_held(session: PaddedSession) -> None:
    with pytest.raises(InferenceError, match=r"input_ids of shape \(2, 3\)"):
        session.run([[2, 100_000, 3], [2, 3]], "pooled")


@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")  # ONNX Runtime's own, and all that it says
def test_cuda_in_name_only_is_refused(tmp_path: Path) -> None:
    write_graph(tmp_path / "model.onnx")
    with pytest.raises(StartError, match="fell back from CUDAExecutionProvider"):
        PaddedSession(tmp_path / "model.onnx", "cuda", 1)


def test_a_padded_variant_is_chosen_by_its_layout_and_passes_the_self_check(tiny_models: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_models / TINY, tmp_path / TINY))
    manifest: Manifest = load_manifest(folder)
    write_graph(folder / "model.fp16.onnx")
    files = {**manifest.files, "model.fp16.onnx": file_record(folder / "model.fp16.onnx")}
    changes = {"name": "fp16", "file": "model.fp16.onnx", "precision": "fp16", "layout": "padded"}
    variant = msgspec.structs.replace(manifest.variants[0], **changes, probe_cosine=0.9999)
    write_manifest(folder, msgspec.structs.replace(manifest, files=files, variants=(variant, *manifest.variants)))
    manifest = load_manifest(folder)
    tokenizer = open_tokenizer(folder / manifest.tokenizer, manifest.max_tokens)
    chosen = choose_variant(folder, manifest, tokenizer, Host("cpu", 2))
    assert isinstance(chosen.session, PaddedSession)
    assert chosen.probe_cosine > 0.9999
