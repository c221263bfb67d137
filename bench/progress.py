"""How far a command is, on standard error: a bar on terminals, and a line before something takes minutes."""

import sys
from typing import Never

from tqdm import tqdm


def open_bar(name: str, steps: int, unit: str) -> "tqdm[Never]":
    """Return a bar of that many steps; it shows itself on terminals only."""
    return tqdm(total=steps, desc=f"{name:<14}", unit=f" {unit}", disable=None)


def say(line: str) -> None:
    """Print a line without disturbing a bar."""
    tqdm.write(f"bench: {line}", file=sys.stderr)
