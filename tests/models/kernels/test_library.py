"""Finding the library, and asking it what the processor lacks and is quick at."""

import ctypes
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from models import ATTENTIONS, Attention, KernelsLibrary, KernelsMissing, kernels_library
from models.kernels.build import Recipe
from models.kernels.library import FEATURE_NAMES, ask_library
from models.runtime import ONNXRUNTIME_ERRORS
from tests.models.kernels.nodes import open_node

TILES = {"amx_tile", "amx_int8"}  # as Linux names them
XGETBV, MOVE_7_TO_AL = b"\x0f\x01\xd0", b"\xb0\x07\x90"  # the second with a NOP, to be as long


def test_a_library_that_can_run_here_is_found(library: KernelsLibrary) -> None:
    assert library.path.is_absolute()
    assert library.path.is_file()


@pytest.mark.parametrize(("feature", "name"), FEATURE_NAMES.items())
def test_a_processor_without_a_feature_is_told_so(kernels: Path, feature: str, name: str) -> None:
    assert ask_library(kernels, {feature}) == KernelsMissing(f"this processor lacks {name}")


def test_everything_that_is_missing_is_named(kernels: Path) -> None:
    missing = ask_library(kernels, {"avx512vnni", "avx512bw"})
    assert missing == KernelsMissing("this processor lacks AVX-512 BW, AVX-512 VNNI")


@pytest.mark.parametrize(
    ("vendor", "family", "model", "attention"),
    [
        ("AuthenticAMD", 25, 17, "bf16"),  # Zen 4: Genoa
        ("AuthenticAMD", 25, 97, "bf16"),  # Zen 4: Raphael
        ("GenuineIntel", 6, 207, "tiles"),  # Emerald Rapids
        ("GenuineIntel", 6, 143, "tiles"),  # Sapphire Rapids, taken to be as Emerald Rapids
        ("GenuineIntel", 6, 173, "tiles"),  # Granite Rapids, taken to be so too
        ("GenuineIntel", 6, 174, "tiles"),
        ("GenuineIntel", 6, 106, "f32"),  # Ice Lake, not measured
        ("AuthenticAMD", 26, 2, "bf16"),  # Zen 5, taken to be as Zen 4
        ("GenuineIntel", 25, 17, "f32"),
        ("", 0, 0, "f32"),
    ],
)
def test_attention_follows_the_table_of_processors_and_is_float_where_nothing_was_measured(
    kernels: Path, vendor: str, family: int, model: int, attention: str
) -> None:
    ask = ctypes.CDLL(str(kernels)).vecd_kernels_attention_of
    ask.restype = ctypes.c_char_p
    assert ask(vendor.encode(), family, model).decode() == attention


def test_the_processor_is_known_by_what_linux_says_of_it(library: KernelsLibrary) -> None:
    lines = Path("/proc/cpuinfo").read_text().split("\n\n", maxsplit=1)[0].splitlines()
    told = {line.partition(":")[0].strip(): line.partition(":")[2].strip() for line in lines}
    ask = ctypes.CDLL(str(library.path)).vecd_kernels_attention_of
    ask.restype = ctypes.c_char_p
    by_table = ask(told["vendor_id"].encode(), int(told["cpu family"]), int(told["model"])).decode()
    flags = set(told["flags"].split())
    needed = {"bf16": {"avx512_bf16"}, "tiles": {"avx512_bf16", *TILES, "amx_bf16"}}
    if "sanitized" in library.path.name:
        flags -= TILES  # a sanitizer sees nothing of what they load: they are emulated
    assert library.attention == (by_table if flags >= needed.get(by_table, set()) else "f32")
    assert library.products == ("tiles" if flags >= TILES else "vnni")


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_another_attention_may_be_asked_for(library: KernelsLibrary, attention: Attention) -> None:
    if Recipe().library != library.path:
        pytest.skip("another library was given")
    assert kernels_library(attention=attention) == msgspec.structs.replace(library, attention=attention)


def test_another_processor_is_refused_in_words(kernels: Path, tmp_path: Path) -> None:
    """In the copy, XGETBV answers like an operating system that saves no AVX-512 registers."""
    code = kernels.read_bytes()
    assert code.count(XGETBV) == 1
    other = tmp_path / "other.so"
    other.write_bytes(code.replace(XGETBV, MOVE_7_TO_AL))
    assert ask_library(other) == KernelsMissing(f"this processor lacks {', '.join(FEATURE_NAMES.values())}")
    with pytest.raises(ONNXRUNTIME_ERRORS, match=r"vecd\.Pool: this processor lacks avx512f avx512bw avx512dq"):
        open_node(other, "Pool", {}, {"mode": 0})


def test_a_library_that_was_never_built_is_missing_with_the_command_that_builds_it(tmp_path: Path) -> None:
    missing = kernels_library(tmp_path)
    assert isinstance(missing, KernelsMissing)
    assert "is not built: python -m models.kernels builds it" in missing.reason


def test_a_library_of_other_sources_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "vecd_kernels-ort17-x86_64-000000000000.so").write_bytes(b"")
    missing = kernels_library(tmp_path)
    assert isinstance(missing, KernelsMissing)
    assert "one from other sources is" in missing.reason


def test_a_damaged_library_is_missing_and_says_so(tmp_path: Path) -> None:
    Recipe(folder=tmp_path).library.write_bytes(b"no library")
    missing = kernels_library(tmp_path)
    assert isinstance(missing, KernelsMissing)
    assert "does not load" in missing.reason


def test_a_library_of_something_else_says_so(tmp_path: Path) -> None:
    found = ask_library(next(Path(msgspec.__file__).parent.glob("_core*.so")))
    assert isinstance(found, KernelsMissing)
    assert "vecd_kernels_missing" in found.reason


def test_two_builds_are_told_apart_by_their_bytes(library: KernelsLibrary, tmp_path: Path) -> None:
    other = tmp_path / "other.so"
    other.write_bytes(library.path.read_bytes() + b"by another compiler")
    found = ask_library(other)
    assert isinstance(found, KernelsLibrary)
    assert library.sha256 == hashlib.sha256(library.path.read_bytes()).hexdigest() != found.sha256


@pytest.mark.skipif(shutil.which("nm") is None, reason="needs nm")
def test_the_library_shows_five_names_and_hides_the_rest(kernels: Path) -> None:
    words: list[str | Path] = ["nm", "--dynamic", "--defined-only", kernels]
    listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    names = {"missing", "attention", "attention_of", "products"}
    shown = {"RegisterCustomOps", *(f"vecd_kernels_{name}" for name in names)}
    assert {line.split()[-1] for line in listed.splitlines()} == shown


def test_models_is_imported_without_a_compiler_and_without_the_library(tmp_path: Path) -> None:
    script = "import models; print(type(models.kernels_library(__import__('pathlib').Path('nowhere'))).__name__)"
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PATH": "/nowhere"}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "KernelsMissing"
