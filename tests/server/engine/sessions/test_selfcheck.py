"""Which variant serves: the best that proves itself; damage is refused by name."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from models import ArtifactError, KernelsLibrary, Manifest, kernels_library, load_manifest, write_manifest
from models.tokenizer import open_tokenizer
from server.backend import build_backend
from server.contract.errors import InferenceError, StartError
from server.engine.sessions.selfcheck import ChosenVariant, Host, choose_variant, runtime_version
from server.engine.sessions.session import EqualLengthSession, Session
from server.settings import MEMORY, Settings
from tests.tiny import TINY


@pytest.fixture
def artifact(tiny_models: Path, tmp_path: Path) -> Path:
    """The model as a machine without the fused operators' library exports it."""
    folder = Path(shutil.copytree(tiny_models / TINY, tmp_path / TINY))
    manifest = load_manifest(folder)
    portable = tuple(variant for variant in manifest.variants if variant.layout != "ragged")
    write_manifest(folder, msgspec.structs.replace(manifest, variants=portable))
    return folder


def choose(
    artifact: Path,
    open_session: Callable[[Path, str, int], Session] = EqualLengthSession,
    lacks: Callable[[Sequence[str]], bool] = lambda _: False,
) -> ChosenVariant:
    manifest: Manifest = load_manifest(artifact)
    tokenizer = open_tokenizer(artifact / manifest.tokenizer, manifest.max_tokens)
    return choose_variant(artifact, manifest, tokenizer, Host("cpu", 2, lacks), {"equal-length": open_session})


class Saturating:
    """A session whose int8 graph answers as a processor with wrong or saturating kernels would."""

    def __init__(self, path: Path, provider: str, cores: int) -> None:
        self._true = EqualLengthSession(path, provider, cores)
        self._broken = "int8" in path.name

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
        rows = self._true.run(encodings, output, all_cores=all_cores)
        return np.clip(rows, -0.1, 0.1) if self._broken else rows


class Raising(Saturating):
    """A session whose int8 graph cannot run at all."""

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
        if self._broken:
            message = "no kernel"
            raise InferenceError(message)
        return super().run(encodings, output, all_cores=all_cores)


def test_int8_serves_where_it_is_true(artifact: Path) -> None:
    chosen = choose(artifact)
    assert chosen.variant.name == "int8"
    assert chosen.variant.probe_cosine <= chosen.probe_cosine <= 1.0001
    assert chosen.refused == ()


@pytest.mark.parametrize("broken", [Saturating, Raising])
def test_a_variant_that_is_wrong_on_this_processor_gives_way_to_fp32(
    artifact: Path, broken: Callable[[Path, str, int], Session]
) -> None:
    chosen = choose(artifact, broken)
    assert chosen.variant.name == "fp32"
    assert [reason.split(" ")[:2] for reason in chosen.refused] == [["int8:", "cosine"], ["int8-reduced:", "cosine"]]


def test_a_processor_without_vnni_is_given_seven_bit_weights(artifact: Path) -> None:
    chosen = choose(artifact, lacks=bool)
    assert chosen.variant.name == "int8-reduced"
    assert chosen.refused == ("int8: this processor lacks avx512_vnni and avx_vnni",)


def test_without_any_true_variant_the_server_does_not_start(artifact: Path) -> None:
    class AllBroken(Raising):
        def __init__(self, path: Path, provider: str, cores: int) -> None:
            super().__init__(path, provider, cores)
            self._broken = True

    with pytest.raises(StartError, match=r"no variant of tiny can serve on cpu: int8: .*; fp32: "):
        choose(artifact, AllBroken)


@pytest.mark.parametrize("name", ["model.int8.onnx", "model.fp32.onnx", "tokenizer.json", "manifest.json"])
def test_one_flipped_bit_is_refused_by_the_name_of_its_file(artifact: Path, name: str) -> None:
    path = artifact / name
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0x10
    path.write_bytes(bytes(damaged))
    with pytest.raises((ArtifactError, StartError), match=name.replace(".", r"\.")):
        build_backend(Settings(models=artifact.parent, model=artifact.name, data=MEMORY))


def test_a_graph_of_another_model_is_refused(artifact: Path) -> None:
    shutil.copy(artifact / "model.fp32.onnx", artifact / "model.int8.onnx")
    with pytest.raises(ArtifactError, match=r"model\.int8\.onnx is damaged"):
        choose(artifact)


def test_what_the_export_left_out_is_told_with_its_reason(artifact: Path) -> None:
    manifest = load_manifest(artifact)
    write_manifest(artifact, msgspec.structs.replace(manifest, omitted={"int8-fused": "no compiler"}))
    assert choose(artifact).refused == ("int8-fused: left out by the export, no compiler",)


def test_what_runs_it_is_named_and_the_operators_by_their_bytes(artifact: Path) -> None:
    library = kernels_library()
    if not isinstance(library, KernelsLibrary):
        pytest.skip(library.reason)
    portable = load_manifest(artifact).variants[0]
    fused = msgspec.structs.replace(portable, layout="ragged")
    assert runtime_version(fused) == f"{runtime_version(portable)}, operators {library.sha256[:12]}"
