"""No function that runs on any processor may come from a file that was compiled for another one.

An inline function that is not inlined stands in every file that calls it, under a weak name, and the linker keeps the
first it meets: one with AVX-512 in it would be called where there is none.
"""

import shutil
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from models.kernels.build import FLAGS, SOURCES, NoCompilerError, compile_objects, find_compiler, instruction_sets

SHARED = "__attribute__((noinline)) inline float twice(float x) { return x + x; }\n"


def shared_names(sources: Sequence[Path], folder: Path) -> set[str]:
    """Return the weak names that files of different instruction sets define."""
    if shutil.which("nm") is None:
        pytest.skip("needs nm")
    try:
        compiler = find_compiler()
    except NoCompilerError as error:
        pytest.skip(str(error))
    compiled_for: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for source, compiled in zip(sources, compile_objects(compiler, sources, FLAGS, folder), strict=True):
        words: list[str | Path] = ["nm", "--defined-only", "--format=posix", compiled]
        for line in subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines():
            name, kind = line.split()[:2]
            if kind in "WVu":
                compiled_for[name].add(instruction_sets(source))
    return {name for name, sets in compiled_for.items() if len(sets) > 1}


@pytest.mark.e2e
def test_no_function_is_shared_with_a_file_compiled_for_other_processors(tmp_path: Path) -> None:
    assert shared_names(sorted(SOURCES.rglob("*.cpp")), tmp_path) == set()


def test_one_that_is_shared_would_be_seen(tmp_path: Path) -> None:
    sources = [tmp_path / "avx512" / "wide.cpp", tmp_path / "plain" / "narrow.cpp"]
    for source in sources:
        source.parent.mkdir()
        source.write_text(f"{SHARED}float use_{source.stem}(float x) {{ return twice(x); }}\n")
    assert shared_names(sources, tmp_path) == {"_Z5twicef"}
