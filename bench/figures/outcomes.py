"""What a command gives back, and how it is kept: figures as JSON for machines, a table for people."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from bench.errors import BenchError


class Outcome(msgspec.Struct, frozen=True):
    """A command's figures, as they are written to its JSON file, and its table, line by line."""

    figures: msgspec.Struct
    table: list[str]


class Command(msgspec.Struct, frozen=True):
    """What the module of a command offers: it adds its own flags to the common ones, and measures as they say."""

    add_arguments: Callable[[argparse.ArgumentParser], None]
    measure: Callable[[argparse.Namespace], Outcome]


class Reading(msgspec.Struct, frozen=True):
    """What a reader says, line by line, and its exit status: 1 where the figures are not what they should be."""

    lines: list[str]
    status: int = 0


class Reader(msgspec.Struct, frozen=True):
    """What the module of a reader offers: it measures nothing, it works on files that commands have written."""

    add_arguments: Callable[[argparse.ArgumentParser], None]
    read: Callable[[argparse.Namespace], Reading]


def prepare_file(path: Path) -> None:
    """Make sure, before anything slow, that the figures can be written.

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
    """Write the figures, in place only once they are whole."""
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
