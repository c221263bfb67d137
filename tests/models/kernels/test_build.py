"""Building the library: when it is made, with what, and what is left where it cannot be."""

import platform
from pathlib import Path

import pytest

from models.kernels import build as building
from models.kernels.__main__ import main
from models.kernels.build import BuildError, NoCompilerError, Recipe, build, find_compiler

# Writes the file after -o, as a compiler does.
PRETENDS = """#!/bin/sh
while [ "$1" != -o ]; do shift; done
echo "$0" > "$2"
"""


def script(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def quiet(_: str) -> None:
    pass


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files in place of the operators."""
    folder = tmp_path / "cpp"
    (folder / "avx512").mkdir(parents=True)
    for name in ("one.cpp", "avx512/two.cpp"):
        (folder / name).write_text("int x;")
    monkeypatch.setattr(building, "SOURCES", folder)
    return folder


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


def test_a_library_that_is_there_is_made_again_only_by_a_compiler_that_is_named(tmp_path: Path, sources: Path) -> None:
    first, second = (script(tmp_path / name, PRETENDS) for name in ("first", "second"))
    library = build(Recipe(first, folder=tmp_path), quiet)
    assert build(Recipe(folder=tmp_path), quiet) == library
    assert library.read_text().strip() == first
    assert build(Recipe(second, folder=tmp_path), quiet) == library
    assert library.read_text().strip() == second


def test_older_libraries_of_its_own_kind_make_room(tmp_path: Path, sources: Path) -> None:
    compiler = script(tmp_path / "compiler", PRETENDS)
    old = build(Recipe(compiler, folder=tmp_path), quiet)
    sanitized = build(Recipe(compiler, sanitize=True, folder=tmp_path), quiet)
    (sources / "notes.txt").write_text("no source")
    assert build(Recipe(folder=tmp_path), quiet) == old
    (sources / "one.cpp").write_text("int y;")
    new = build(Recipe(compiler, folder=tmp_path), quiet)
    assert set(tmp_path.glob("*.so")) == {new, sanitized}


def test_sources_that_change_meanwhile_are_no_library(tmp_path: Path, sources: Path) -> None:
    compiler = script(tmp_path / "compiler", f"{PRETENDS}echo 'int z;' > {sources}/one.cpp\n")
    with pytest.raises(BuildError, match="the sources changed while they were compiled"):
        build(Recipe(compiler, folder=tmp_path / "lib"), quiet)
    assert list((tmp_path / "lib").iterdir()) == []


def test_the_name_holds_what_each_file_is_compiled_with(
    tmp_path: Path, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Recipe().library
    monkeypatch.setattr(building, "AVX512", ("-mavx512f",))
    assert Recipe().library != before


def test_a_compiler_may_have_arguments(tmp_path: Path) -> None:
    compiler = script(tmp_path / "ccache", PRETENDS)
    assert find_compiler(f"{compiler} g++") == (compiler, "g++")
