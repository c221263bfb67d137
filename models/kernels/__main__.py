"""`python -m models.kernels`: compiles the operators where the sources have changed, and says why where it cannot."""

import argparse
import sys
from pathlib import Path

from models.kernels.build import LIBRARIES, BuildError, Recipe, build


def main(arguments: list[str] | None = None) -> int:
    """Build as the command line says; return the exit status."""
    options = _parser().parse_args(arguments)
    recipe = Recipe(options.compiler, options.sanitize, options.out)
    try:
        library = build(recipe, say)
    except (BuildError, OSError) as error:
        say(f"not built: {error}")
        return 0 if options.optional else 1
    print(library)
    return 0


def say(line: str) -> None:
    print(f"kernels: {line}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.kernels", description=__doc__)
    parser.add_argument(
        "--compiler",
        help="the C++ compiler, which then compiles in any case (default: the first of g++, c++ and clang++)",
    )
    parser.add_argument("--optional", action="store_true", help="exit with 0 where it cannot be built")
    parser.add_argument("--sanitize", action="store_true", help="with AddressSanitizer and UndefinedBehaviorSanitizer")
    parser.add_argument("--out", type=Path, default=LIBRARIES, help="the library's folder (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
