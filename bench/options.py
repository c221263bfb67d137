"""Flags that several commands have."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from server.settings import Settings

SEED = 20

DEFAULTS = Settings()


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of every command that measures."""
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the figures are written")
    parser.add_argument("--models", type=Path, default=DEFAULTS.models, metavar="DIR", help="folder of the models")
    parser.add_argument("--model", default=DEFAULTS.model, metavar="NAME", help="the model (default: %(default)s)")
    parser.add_argument(
        "--provider",
        choices=("cpu", "cuda"),
        default="cpu",
        help="execution provider of vecd, and of the graphs it is compared with in-process (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=SEED, metavar="N", help="of all that is random (default: %(default)s)"
    )


def add_rounds(parser: argparse.ArgumentParser, default: int) -> None:
    parser.add_argument(
        "--rounds", type=positive, default=default, metavar="N", help="times to measure it all (default: %(default)s)"
    )


def add_seconds(parser: argparse.ArgumentParser, default: float, what: str) -> None:
    parser.add_argument("--seconds", type=float, default=default, metavar="S", help=f"{what} (default: %(default)s)")


def add_warm_seconds(parser: argparse.ArgumentParser, default: float) -> None:
    parser.add_argument(
        "--warm-seconds",
        type=float,
        default=default,
        metavar="S",
        help="load before it is measured (default: %(default)s)",
    )


def positive(text: str) -> int:
    """Read a count of at least 1, as an argparse type."""
    count = int(text)
    if count < 1:
        message = f"{count} is not a count, 1 is the least"
        raise argparse.ArgumentTypeError(message)
    return count


def given_flags(options: argparse.Namespace, names: Sequence[str]) -> dict[str, str]:
    """Return the named flags as they would be typed; a flag without a value is left out."""
    values = {name: getattr(options, name) for name in names}
    return {
        "--" + name.replace("_", "-"): f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in values.items()
        if value is not None
    }
