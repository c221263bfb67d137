"""The flags that every command has."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from server import Settings

SEED = 20

DEFAULTS = Settings()


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --json, --models, --model, --provider and --seed."""
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


def positive(text: str) -> int:
    """Read a count of at least 1, as an argparse type."""
    count = int(text)
    if count < 1:
        message = f"{count} is not a count, 1 is the least"
        raise argparse.ArgumentTypeError(message)
    return count


def given_flags(options: argparse.Namespace, names: Sequence[str]) -> dict[str, str]:
    """Return flags that a command's figures depend on, as they would be typed, but those without a value."""
    values = {name: getattr(options, name) for name in names}
    return {
        "--" + name.replace("_", "-"): f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in values.items()
        if value is not None
    }
