"""CSV and TSV: a header, then rows. The file is read twice, first for which columns hold numbers; nothing is kept."""

import contextlib
import csv
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import msgspec

from index.sources.decoding import MARK_BYTES, NOT_TEXT, decoding_errors, encoding_of
from index.sources.delimiters import guess
from index.sources.records import BadRow, Reading, Record, SourceError
from index.sources.tables import plan_of, record_of
from index.sources.values import MAX_INTEGER, MIN_INTEGER

MAX_CELL = 16 << 20  # characters, more than a document holds; a line is no longer, either
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
TAB = "\t"
SAMPLE = 64 << 10


class Row(msgspec.Struct, frozen=True):
    number: int
    cells: list[str]


def read(path: Path, reading: Reading) -> Iterator[Record | BadRow]:
    """Yield a record for each row; a row of more cells than the header has is bad, one of fewer lacks the last ones."""
    delimiter = reading.delimiter or delimiter_of(path, reading)
    header = next(rows(path, reading, delimiter), None)
    if header is None:
        return
    names = column_names(header.cells)
    plan = plan_of(names, reading)
    texts = plan.taken
    numeric = numeric_columns(path, reading, delimiter, [name not in texts for name in names])
    for row in rows(path, reading, delimiter):
        if row.number == 0:
            continue
        if len(row.cells) > len(names):
            yield BadRow(row.number, f"the row has {len(row.cells)} cells, the header {len(names)}")
            continue
        pairs = zip(names, row.cells, numeric, strict=False)
        values = {name: number_of(cell) if is_number else cell for name, cell, is_number in pairs if cell.strip()}
        yield record_of(values, row.number, plan)


def delimiter_of(path: Path, reading: Reading) -> str:
    with opened(path, reading) as file, decoding_errors(reading.encoding):
        sample = file.read(SAMPLE)
    if path.suffix.lower() == ".tsv" and TAB in sample:
        return TAB
    return guess(sample, whole=len(sample) < SAMPLE)


def column_names(cells: list[str]) -> list[str]:
    """Return a name for each column: those without get their number, those that come again are numbered, too."""
    names: dict[str, None] = {}
    later: dict[str, int] = {}  # of names that came again the last number tried: no header takes long
    for number, cell in enumerate(cells, 1):
        name = own = cell.strip() or f"column_{number}"
        while name in names:
            later[own] = max(number, later.get(own, 0) + 1)
            name = f"{own}_{later[own]}"
        names[name] = None
    return [*names]


def rows(path: Path, reading: Reading, delimiter: str) -> Iterator[Row]:
    """Yield the rows, the header as number 0; lines without anything are not counted."""
    csv.field_size_limit(MAX_CELL)
    number = 0
    taken: list[str] = []  # the lines of one row
    with opened(path, reading) as file, decoding_errors(reading.encoding):
        try:
            reader = csv.reader(lines(file, taken), delimiter=delimiter)
        except (TypeError, ValueError) as error:
            raise SourceError(f"cannot be read as CSV: {delimiter!r} is no delimiter") from error
        try:
            for cells in reader:
                if len(taken) > 1:
                    check_closed(taken, delimiter, reader.line_num)
                taken.clear()
                if any(cell.strip() for cell in cells):
                    yield Row(number, cells)
                    number += 1
        except csv.Error as error:
            raise SourceError(f"cannot be read as CSV: line {reader.line_num}: {error}") from error


def lines(file: TextIO, taken: list[str]) -> Iterator[str]:
    """Yield the lines of a text and add them to those taken; raise SourceError where one is longer than is read."""
    while line := file.readline(MAX_CELL):
        if len(line) == MAX_CELL:
            raise SourceError(f"cannot be read as CSV: a line is longer than {MAX_CELL:,} characters")
        if "\0" in line:
            raise SourceError(NOT_TEXT)
        taken.append(line)
        yield line


def check_closed(taken: list[str], delimiter: str, last: int) -> None:
    """Raise SourceError where a quotation mark that nobody closed has made one row of all that follows it."""
    try:
        list(csv.reader(taken, delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            begin = last - len(taken) + 1
            raise SourceError(f"cannot be read as CSV: a quoted cell of line {begin} is not closed") from error


@contextlib.contextmanager
def opened(path: Path, reading: Reading) -> Iterator[TextIO]:
    with path.open("rb") as file:
        codec = encoding_of(file.read(MARK_BYTES), reading.encoding)
    with decoding_errors(reading.encoding):
        text = path.open(encoding=codec, newline="")
    with text:
        yield text


def numeric_columns(path: Path, reading: Reading, delimiter: str, asked: list[bool]) -> list[bool]:
    """Return which of the columns asked for hold numbers alone, each written as numbers are, and at least one."""
    numeric, seen = [*asked], [False] * len(asked)
    for row in rows(path, reading, delimiter):
        if row.number == 0 or len(row.cells) > len(numeric):
            continue
        for column, cell in enumerate(row.cells):
            if cell.strip() and numeric[column]:
                seen[column] = True
                numeric[column] = not isinstance(number_of(cell), str)
        if not any(numeric):
            break
    return [one and other for one, other in zip(numeric, seen, strict=True)]


def number_of(cell: str) -> int | float | str:
    """Return the number that is written just like this, else the cell: 007, 1.50 and 1e3 are text."""
    if INTEGER.fullmatch(cell):
        integer = int(cell)
        return integer if MIN_INTEGER <= integer <= MAX_INTEGER else cell
    try:
        number = float(cell)
    except ValueError:
        return cell
    return number if math.isfinite(number) and repr(number) == cell else cell
