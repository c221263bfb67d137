"""`python -m tests.models.kernels.fuzz`: builds the fuzzer with the sanitizers in and runs it, one process a core.

Every process has a seed of its own, so that the same seed and number of calls do the same again.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from models.kernels.build import (
    SOURCES,
    BuildError,
    NoCompilerError,
    Recipe,
    compile_objects,
    find_compiler,
    run_compiler,
)

FUZZER = Path(__file__).parent


def main(arguments: list[str] | None = None) -> int:
    """Run the fuzzer as the command line says; returns the exit status."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            program = build_fuzzer(Path(folder), options.compiler)
        except NoCompilerError as error:
            print(f"fuzz: skipped: {error}")
            return 0
        except BuildError as error:
            print(f"fuzz: {error}", file=sys.stderr)
            return 1
        return run_fuzzer(program, options.calls, options.seed, options.processes)


def build_fuzzer(folder: Path, compiler: str | None = None) -> Path:
    """Compile the operators and the stand-in for ONNX Runtime into one program.

    Raises:
        BuildError: there is no compiler, or it failed.
    """
    found = find_compiler(compiler)
    recipe = Recipe(sanitize=True)
    sources = sorted(SOURCES.rglob("*.cpp")) + sorted(FUZZER.glob("*.cpp"))
    objects = compile_objects(found, sources, recipe.flags, folder)
    program = folder / "fuzz"
    run_compiler([*found, *recipe.flags, *map(str, objects), "-o", str(program)])
    return program


def run_fuzzer(program: Path, calls: int, seed: int, processes: int) -> int:
    """Run as many processes as told, each with its share of the calls and the next seed; returns the worst status."""
    start = time.monotonic()
    share = -(-calls // processes)
    running = [subprocess.Popen([program, str(share), str(seed + i)]) for i in range(processes)]
    statuses = [process.wait() for process in running]
    print(f"fuzz: {share * processes} calls in {time.monotonic() - start:.0f} s, statuses {statuses}")
    return max(abs(status) for status in statuses)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.models.kernels.fuzz", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000_000, help="calls of all processes (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first process (default: %(default)s)")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="default: one a core")
    parser.add_argument("--compiler", help="the C++ compiler (default: the first of g++, c++ and clang++)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
