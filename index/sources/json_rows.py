"""JSON: an array of objects, an object that holds one such array, or an object that is a row itself."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import msgspec

from index.sources.decoding import encoding_of, read_bytes
from index.sources.ndjson_rows import BAD_JSON, FIRST, decode, names_of
from index.sources.records import BadRow, Reading, Record, SourceError
from index.sources.tables import plan_of, record_of

ARRAY, OBJECT, WHITE = b"[", b"{", b" \t\r\n"
NO_ROWS = "is neither an array of objects nor an object"


def read(path: Path, reading: Reading) -> Iterator[Record | BadRow]:
    """Yield a record for each row. A file that says nothing has none."""
    content = as_utf_8(read_bytes(path)).strip(WHITE)
    if not content:
        return
    try:
        raws = raws_of(content, reading)
    except BAD_JSON as error:
        raise SourceError(f"cannot be read as JSON: {error}") from error
    decoded = (decode(raw, number) for number, raw in enumerate(raws, 1))
    names = names_of(found[1] for found in itertools.islice(decoded, FIRST) if not isinstance(found, BadRow))
    plan = plan_of(names, reading) if names else None
    for number, raw in enumerate(raws, 1):
        found = decode(raw, number)
        if isinstance(found, BadRow):
            yield found
        else:
            yield record_of(found[1], number, plan) if plan else BadRow(number, "the object is empty")


def as_utf_8(content: bytes) -> bytes:
    """Return the content without a byte order mark, and of UTF-8, which JSON is by RFC 8259."""
    try:
        return content.decode(encoding_of(content, None)).encode()
    except UnicodeError as error:
        raise SourceError("is not UTF-8, as JSON is") from error


def raws_of(content: bytes, reading: Reading) -> list[msgspec.Raw]:
    """Return the rows as JSON. An object that has a text of its own is a row, whatever it holds."""
    if content.startswith(ARRAY):
        return msgspec.json.decode(content, type=list[msgspec.Raw])
    if not content.startswith(OBJECT):
        msgspec.json.decode(content)
        raise SourceError(NO_ROWS)
    fields = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    try:
        plan_of(fields, reading)
    except SourceError:
        tables = [rows for value in fields.values() if (rows := table_of(bytes(value)))]
        if len(tables) == 1:
            return tables[0]
        raise
    return [msgspec.Raw(content)]


def table_of(value: bytes) -> list[msgspec.Raw] | None:
    """Return the objects of an array that holds nothing else."""
    if not value.lstrip(WHITE).startswith(ARRAY):
        return None
    rows = msgspec.json.decode(value, type=list[msgspec.Raw])
    return rows if rows and all(bytes(row).lstrip(WHITE).startswith(OBJECT) for row in rows) else None
