"""What a command or a reader of figures returns, and how figures are written: as JSON, and as a table of text."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.errors import BenchError


class Outcome(msgspec.Struct, frozen=True):
    """A command's figures, as they go into its JSON file, and the lines of its table."""

    figures: msgspec.Struct
    table: list[str]


class Reading(msgspec.Struct, frozen=True):
    """The lines that a reader prints, and its exit status: 1 where the figures are not what they should be."""

    lines: list[str]
    status: int = 0


def prepare_file(path: Path) -> None:
    """Make sure, before anything slow begins, that the figures can be written.

    Raises:
        BenchError: the path is a folder.
        OSError: nothing can be written beside it.
    """
    if path.is_dir():
        message = f"--json {path} is a folder; it names the file for the figures"
        raise BenchError(message)
    path.parent.mkdir(parents=True, exist_ok=True)
    _partial(path).touch()
    _partial(path).unlink()


def write_json(path: Path, figures: msgspec.Struct) -> None:
    """Write the figures so that the file is either the old one or whole."""
    _partial(path).write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")
    _partial(path).replace(path)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines of equally wide columns, the first to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
