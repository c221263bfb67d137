"""Compiles the operators with the C++ compiler that is installed; setup.py loads this file by itself.

In: the sources beside it. Out: one shared library, written whole or not at all. Its name holds the hash of sources and
flags, so a change of either builds it again, and so does a compiler that is named, which the hash does not hold. Each
file has its own instruction sets: the library loads on every x86-64 processor and can tell what is missing.
"""

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

SOURCES = Path(__file__).parent / "cpp"
LIBRARIES = Path(__file__).parent / "lib"
ABI = "ort17-x86_64"  # the version of ONNX Runtime's interface from which on it loads
COMPILERS = ("g++", "c++", "clang++")
TIMEOUT_S = 600

FLAGS = (
    *("-std=c++17", "-O3", "-fPIC", "-fvisibility=hidden", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra"),
    # Every path through the code must round alike: nothing is fused but what is written fused.
    *("-ffp-contract=off", "-fno-math-errno"),
)
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g", "-O1")
LINK = ("-shared", "-Wl,-z,defs", "-Wl,-z,now")
AVX512 = ("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512vnni", "-mfma", "-mprfchw")
BF16 = ("avx512/attention_bf16.cpp", "amx/native.cpp")  # tiles themselves are written in bytes, and need no flag
# gcc 12 warns of the undefined operands in its own intrinsics.
INTRINSICS_WARNINGS = ("-Wno-uninitialized", "-Wno-maybe-uninitialized")

Say = Callable[[str], None]


class BuildError(Exception):
    """No library was built; the message says why."""


class NoCompilerError(BuildError):
    """Nothing here can compile the operators; the portable graph serves instead, at less speed."""


@dataclass(frozen=True)
class Recipe:
    """What to build: the library, or the library with sanitizers; with a named compiler, or with the first found."""

    compiler: str | None = None  # a command, which may have arguments: "ccache g++"
    sanitize: bool = False
    folder: Path = field(default=LIBRARIES)

    @property
    def flags(self) -> tuple[str, ...]:
        return (*FLAGS, *SANITIZERS) if self.sanitize else FLAGS

    @property
    def prefix(self) -> str:
        """The beginning of the names of all libraries of this kind."""
        return "vecd_kernels_sanitized-" if self.sanitize else "vecd_kernels-"

    @property
    def library(self) -> Path:
        """The path of the library that the present sources give, whether or not it is built."""
        digest = hashlib.sha256(repr((self.flags, LINK)).encode())
        for path in sorted((*SOURCES.rglob("*.cpp"), *SOURCES.rglob("*.h"))):
            code = path.read_bytes()
            digest.update(repr((path.relative_to(SOURCES).as_posix(), own_flags(path), len(code))).encode() + code)
        return self.folder / f"{self.prefix}{ABI}-{digest.hexdigest()[:12]}.so"


def build(recipe: Recipe, say: Say) -> Path:
    """Return the library, built anew where the sources have changed or the recipe names a compiler.

    Raises:
        NoCompilerError: there is no C++ compiler, or this is not Linux on x86-64.
        BuildError: the compiler failed, and the message holds its first error; or the sources changed meanwhile.
    """
    library = recipe.library
    if library.is_file() and recipe.compiler is None:
        return library
    compiler = find_compiler(recipe.compiler)
    sources = sorted(SOURCES.rglob("*.cpp"))
    say(f"compiling {len(sources)} files with {shlex.join(compiler)}")
    start = time.monotonic()
    recipe.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=recipe.folder, prefix=".building-") as scratch:
        objects = compile_objects(compiler, sources, recipe.flags, Path(scratch))
        linked = Path(scratch) / library.name
        run_compiler([*compiler, *recipe.flags, *LINK, *map(str, objects), "-o", str(linked)])
        if recipe.library != library:
            message = "the sources changed while they were compiled; build again"
            raise BuildError(message)
        linked.replace(library)
    for old in recipe.folder.glob(f"{recipe.prefix}*.so"):
        if old != library:
            old.unlink(missing_ok=True)
    say(f"built {library} in {time.monotonic() - start:.1f} s")
    return library


def find_compiler(wanted: str | None = None) -> tuple[str, ...]:
    """Return the path and arguments of the wanted C++ compiler, or of the first one that is installed.

    Raises:
        NoCompilerError: there is none, or this is not Linux on x86-64.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        message = f"the operators are written for Linux on x86-64, this is {sys.platform} on {platform.machine()}"
        raise NoCompilerError(message)
    for command in (wanted,) if wanted else COMPILERS:
        name, *arguments = shlex.split(command) or [command]
        path = shutil.which(name)
        if path:
            return (path, *arguments)
    message = f"no C++ compiler: looked for {wanted or ', '.join(COMPILERS)}"
    raise NoCompilerError(message)


def compile_objects(compiler: Sequence[str], sources: Sequence[Path], flags: Sequence[str], folder: Path) -> list[Path]:
    """Compile each file with its own instruction sets, one per core at a time; return the object files.

    Raises:
        BuildError: the compiler failed.
    """

    def compile_one(source: Path) -> Path:
        compiled = folder / f"{source.parent.name}-{source.stem}.o"
        run_compiler([*compiler, *flags, *own_flags(source), "-c", str(source), "-o", str(compiled)])
        return compiled

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(compile_one, sources))


def instruction_sets(source: Path) -> tuple[str, ...]:
    """Return the flags for the instruction sets of one file: AVX-512 in some folders, none beyond x86-64 elsewhere."""
    if source.parent.name not in ("avx512", "amx"):
        return ()
    return (*AVX512, "-mavx512bf16") if f"{source.parent.name}/{source.name}" in BF16 else AVX512


def own_flags(source: Path) -> tuple[str, ...]:
    """Return the flags that one file is compiled with in addition to the recipe's."""
    sets = instruction_sets(source)
    return (*sets, *INTRINSICS_WARNINGS) if sets else ()


def run_compiler(words: Sequence[str]) -> None:
    """Run a compiler's command line.

    Raises:
        BuildError: it failed or took longer than TIMEOUT_S.
    """
    try:
        done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=TIMEOUT_S)  # noqa: S603 - our own words
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{words[0]}: {error}"
        raise BuildError(message) from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines()
        message = f"{words[0]} failed: {said[0] if said else 'it said nothing'}"
        raise BuildError(message)
