"""Texts of any lengths in one run, where the fused operators are; the portable graph, and why, where they are not."""

import shutil
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pytest

import index
import models
import server
from models import (
    ATTENTIONS,
    KernelsLibrary,
    KernelsMissing,
    Manifest,
    fingerprint_variant,
    kernels_library,
    load_manifest,
    write_manifest,
)
from models.tokenizer import open_tokenizer
from server.contract.errors import InferenceError
from server.engine.sessions.loading import load_model
from server.engine.sessions.ragged import RaggedSession
from server.engine.sessions.selfcheck import (
    SESSIONS,
    ChosenVariant,
    Host,
    OpenSession,
    choose_variant,
    runtime_version,
)
from server.engine.sessions.session import Session
from tests.running import start_server
from tests.server.application import tiny_settings
from tests.tiny import HIDDEN, POSITIONS, TINY

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


def long_row(session: Session) -> bytes:
    """The bits of a text that is long enough for every attention."""
    ids = [2, *range(4, POSITIONS + 2), 3]
    return bytes(session.run([ids], "sentence_embedding")[0].tobytes())


def test_the_settings_choose_the_attention_and_it_belongs_to_the_fingerprint(folder: Path) -> None:
    loaded = {way: load_model(tiny_settings(folder.parent, attention=way)) for way in (*ATTENTIONS, "auto")}
    auto = loaded.pop("auto")
    prints = {one.variant_fingerprint: way for way, one in loaded.items()}
    assert {way: one.attention for way, one in loaded.items()} == {way: way for way in ATTENTIONS}
    assert len(prints) == len(ATTENTIONS)
    for way, one in loaded.items():
        assert one.others == {name: other for name, other in prints.items() if other != way}
        assert (long_row(one.chosen.session) == long_row(loaded["f32"].chosen.session)) == (way == "f32")
    library = kernels_library()
    assert isinstance(library, KernelsLibrary)
    assert auto.attention == library.attention
    assert long_row(auto.chosen.session) == long_row(loaded[library.attention].chosen.session)


def test_a_graph_of_stock_operators_has_no_attention_to_choose_and_the_fingerprint_that_it_had(
    folder: Path, tmp_path: Path
) -> None:
    portable = Path(shutil.copytree(folder, tmp_path / TINY))
    manifest = load_manifest(portable)
    alone = tuple(variant for variant in manifest.variants if variant.layout != "ragged")
    write_manifest(portable, msgspec.structs.replace(manifest, variants=alone))
    loaded = [load_model(tiny_settings(tmp_path, attention=way)) for way in ("f32", "bf16", "auto")]
    assert {one.attention for one in loaded} == {None}
    assert all(one.others == {} for one in loaded)
    variant = loaded[0].chosen.variant
    expected = fingerprint_variant(loaded[0].manifest, variant, runtime_version(variant))
    assert {one.variant_fingerprint for one in loaded} == {expected}


@pytest.mark.e2e
def test_without_the_library_a_server_starts_with_the_portable_graph_and_says_why(folder: Path, tmp_path: Path) -> None:
    without = shutil.ignore_patterns("lib", "artifacts", "checkpoints", "__pycache__")
    for room in (index, models, server):
        package = Path(room.__path__[0])
        shutil.copytree(package, tmp_path / package.name, ignore=without)
    arguments = ("--models", str(folder.parent), "--model", TINY)
    with start_server(*arguments, PYTHONSAFEPATH="1", PYTHONPATH=str(tmp_path)) as running, running.client() as client:
        assert " int8, model.int8.onnx; refused int8-fused: " in running.lines[1]
        assert "is not built" in running.lines[1]
        assert client.post("/embed", json={"texts": ["a"]}).status_code == 200
