"""NDJSON: an object a line. Rows are numbered by their lines; lines without anything are passed over."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from index.sources.records import BadRow, Reading, Record
from index.sources.tables import ID, OWN, TEXT, plan_of, record_of

MAX_LINE_BYTES = 32 << 20  # what a server takes by default
FIRST = 100  # records whose fields are the table's columns
BOM, WHITE = b"\xef\xbb\xbf", b" \t\r\n"
BAD_JSON = (msgspec.DecodeError, UnicodeError, RecursionError)


def read(path: Path, reading: Reading) -> Iterator[Record | BadRow]:
    """Yield a record for each line that holds an object, and a bad row for each that does not."""
    names = names_of(itertools.islice(objects(path), FIRST))
    plan = plan_of(names, reading) if names else None
    for found in rows(path):
        if isinstance(found, BadRow):
            yield found
        else:
            number, row = found
            yield record_of(row, number, plan) if plan else BadRow(number, "the object is empty")


def is_own(path: Path) -> bool:
    """Whether the first objects are documents of vecd: each with an id, none with another field, one with a text."""
    first = [*itertools.islice(objects(path), FIRST)]
    return all(ID in row and row.keys() <= OWN for row in first) and any(TEXT in row for row in first)


def names_of(first: Iterator[dict[str, Any]]) -> list[str]:
    """Return the names of all fields, in the order in which they are seen."""
    return [*dict.fromkeys(name for row in first for name in row)]


def objects(path: Path) -> Iterator[dict[str, Any]]:
    return (found[1] for found in rows(path) if not isinstance(found, BadRow))


def rows(path: Path) -> Iterator[tuple[int, dict[str, Any]] | BadRow]:
    """Yield the objects with their lines' numbers; of a line that is too long nothing is kept."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            whole = len(line) <= MAX_LINE_BYTES
            while not whole and line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE_BYTES)
            if not whole:
                yield BadRow(number, f"the line is longer than {MAX_LINE_BYTES} bytes")
            elif content := (line.removeprefix(BOM) if number == 1 else line).strip(WHITE):
                yield decode(content, number)


def decode(content: bytes | msgspec.Raw, number: int) -> tuple[int, dict[str, Any]] | BadRow:
    """Return the object with its number, or why it is none."""
    try:
        return number, msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.ValidationError as error:
        return BadRow(number, f"is no object of JSON: {error}")
    except BAD_JSON as error:
        return BadRow(number, f"is no JSON: {error}")
