"""Building the library, finding it, and asking it what the processor lacks."""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models import KernelsLibrary, KernelsMissing, kernels_library
from models.kernels.__main__ import main
from models.kernels.build import BuildError, NoCompilerError, Recipe, build
from models.kernels.library import FEATURE_NAMES


def found(without: set[str]) -> KernelsLibrary | KernelsMissing:
    return kernels_library(without=without)


def test_a_library_that_can_run_here_is_found(kernels: Path) -> None:
    here = found(set())
    assert isinstance(here, KernelsLibrary)
    assert here.path.is_file()
    assert kernels.is_file()


@pytest.mark.parametrize(("feature", "name"), FEATURE_NAMES.items())
def test_a_processor_without_a_feature_is_told_so(kernels: Path, feature: str, name: str) -> None:
    assert found({feature}) == KernelsMissing(f"this processor lacks {name}")


def test_everything_that_is_missing_is_named(kernels: Path) -> None:
    missing = found({"avx512vnni", "avx512bw"})
    assert missing == KernelsMissing("this processor lacks AVX-512 BW, AVX-512 VNNI")


def test_bfloat16_is_a_choice_and_no_requirement(kernels: Path) -> None:
    here = found({"avx512bf16"})
    assert isinstance(here, KernelsLibrary)
    assert not here.has_bf16


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


def test_no_compiler_is_told_and_no_failure_where_it_is_optional(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--compiler", "no-such-compiler", "--out", str(tmp_path)]
    assert main([*arguments, "--optional"]) == 0
    assert main(arguments) == 1
    assert "not built: no C++ compiler: looked for no-such-compiler" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_another_processor_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(NoCompilerError, match="for Linux on x86-64, this is linux on aarch64"):
        build(Recipe(folder=tmp_path), lambda _: None)


def test_a_compiler_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    compiler = tmp_path / "compiler"
    compiler.write_text("#!/bin/sh\necho 'x.cpp:1: error: no' >&2\nexit 1\n")
    compiler.chmod(0o755)
    folder = tmp_path / "lib"
    with pytest.raises(BuildError, match=r"compiler failed: x\.cpp:1: error: no"):
        build(Recipe(str(compiler), folder=folder), lambda _: None)
    assert list(folder.iterdir()) == []


def test_a_library_that_is_there_is_not_built_again(kernels: Path) -> None:
    said: list[str] = []
    build(Recipe("no-such-compiler"), said.append)
    assert said == []


def test_no_function_is_merged_with_one_compiled_for_other_processors(kernels: Path) -> None:
    """A weak symbol is in several files, and the linker might take it from one that was compiled with AVX-512."""
    if shutil.which("nm") is None:
        pytest.skip("needs nm")
    library = Recipe().library
    listed = subprocess.run(["nm", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    assert not [line for line in listed.splitlines() if line.split()[1] in "WVu"]


def test_the_library_shows_three_names_and_hides_the_rest(kernels: Path) -> None:
    if shutil.which("nm") is None:
        pytest.skip("needs nm")
    words: list[str | Path] = ["nm", "--dynamic", "--defined-only", Recipe().library]
    listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    names = {"RegisterCustomOps", "vecd_kernels_bf16", "vecd_kernels_missing"}
    assert {line.split()[-1] for line in listed.splitlines()} == names


def test_models_is_imported_without_a_compiler_and_without_the_library(tmp_path: Path) -> None:
    script = "import models; print(type(models.kernels_library(__import__('pathlib').Path('nowhere'))).__name__)"
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PATH": "/nowhere"}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "KernelsMissing"
