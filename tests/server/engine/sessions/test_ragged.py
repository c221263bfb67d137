"""Texts of any lengths in one run, where the fused operators are; the portable graph, and why, where they are not."""

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import models
import server
from models import KernelsMissing, Manifest, kernels_library, load_manifest
from models.tokenizer import open_tokenizer
from server.contract.errors import InferenceError
from server.engine.sessions.ragged import RaggedSession
from server.engine.sessions.selfcheck import SESSIONS, ChosenVariant, Host, OpenSession, choose_variant
from tests.running import start_server
from tests.tiny import HIDDEN, TINY

ENCODINGS = [[2, 5, 6, 3], [2, 3], [2, *range(4, 44), 3], [2, 9, 3]]


@pytest.fixture(scope="module")
def folder(tiny_models: Path) -> Path:
    library = kernels_library()
    if isinstance(library, KernelsMissing):
        pytest.skip(library.reason)
    return tiny_models / TINY


@pytest.fixture(scope="module")
def session(folder: Path) -> RaggedSession:
    return RaggedSession(folder / "model.int8-fused.onnx", "cpu", 2)


def choose(folder: Path, operators: KernelsMissing) -> ChosenVariant:
    manifest: Manifest = load_manifest(folder)
    tokenizer = open_tokenizer(folder / manifest.tokenizer, manifest.max_tokens)
    sessions: dict[str, OpenSession] = {**SESSIONS, "ragged": partial(RaggedSession, operators=operators)}
    return choose_variant(folder, manifest, tokenizer, Host("cpu", 2, lacks=lambda _: False), sessions)


@pytest.mark.parametrize("all_cores", [False, True])
def test_rows_come_in_the_order_of_the_texts_with_the_bits_of_each_alone(
    session: RaggedSession, all_cores: bool
) -> None:
    rows = session.run(ENCODINGS, "sentence_embedding", all_cores=all_cores)
    for row, ids in zip(rows, ENCODINGS, strict=True):
        assert row.tobytes() == session.run([ids], "sentence_embedding")[0].tobytes()


def test_token_embeddings_come_text_by_text(session: RaggedSession) -> None:
    rows = session.run(ENCODINGS, "token_embeddings")
    pooled = session.run(ENCODINGS, "pooled")
    assert [row.shape for row in rows] == [(len(ids), HIDDEN) for ids in ENCODINGS]
    assert all(np.allclose(row.mean(axis=0), one, atol=1e-5) for row, one in zip(rows, pooled, strict=True))


@pytest.mark.parametrize("ids", [[10**6], [-1], list(range(4, 44)) * 2])
def test_what_the_operators_refuse_is_an_error_that_names_it(session: RaggedSession, ids: list[int]) -> None:
    with pytest.raises(InferenceError, match="Embedding"):
        session.run([[2, 3], ids], "sentence_embedding")
    assert len(session.run([[2, 3]], "sentence_embedding")) == 1


def test_on_a_processor_without_vnni_the_portable_graph_serves_and_says_why(folder: Path) -> None:
    masked = kernels_library(without={"avx512vnni"})
    assert isinstance(masked, KernelsMissing)
    chosen = choose(folder, masked)
    assert chosen.variant.name == "int8"
    assert chosen.refused == ("int8-fused: this processor lacks AVX-512 VNNI",)


@pytest.mark.e2e
def test_without_the_library_a_server_starts_with_the_portable_graph_and_says_why(folder: Path, tmp_path: Path) -> None:
    without = shutil.ignore_patterns("lib", "artifacts", "checkpoints", "__pycache__")
    for room in (models, server):
        package = Path(room.__path__[0])
        shutil.copytree(package, tmp_path / package.name, ignore=without)
    arguments = ("--models", str(folder.parent), "--model", TINY)
    with start_server(*arguments, PYTHONSAFEPATH="1", PYTHONPATH=str(tmp_path)) as running, running.client() as client:
        assert " int8, model.int8.onnx; refused int8-fused: " in running.lines[1]
        assert "is not built" in running.lines[1]
        assert client.post("/embed", json={"texts": ["a"]}).status_code == 200
