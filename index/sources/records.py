"""Records: what a file says, before it is a document with an id and a place it came from."""

from collections.abc import Sequence
from typing import Any

import msgspec


class Reading(msgspec.Struct, frozen=True):
    """How files are read.

    `id_field`, `text_fields` and `vector_field` name columns of tables; several text fields are joined by an empty
    line. Without the first two the usual names are looked for; vectors are read only where their column is named.
    `encoding` is that of texts, HTML and CSV without a byte order mark (unless given UTF-8), `delimiter` that of CSV
    (unless given it is guessed).
    """

    id_field: str | None = None
    text_fields: tuple[str, ...] = ()
    vector_field: str | None = None
    encoding: str | None = None
    delimiter: str | None = None


class Record(msgspec.Struct, frozen=True):
    """A text with its metadata; `number` counts the rows of a table from 1 and is None where the file is one text.

    `expires_at` is there for rows in vecd's own shape that have one.
    """

    text: str
    metadata: dict[str, Any] = {}
    id: str | None = None
    number: int | None = None
    vector: Sequence[float] | None = None
    expires_at: str | None = None


class BadRow(msgspec.Struct, frozen=True):
    """A row of a table that is no record, and why."""

    number: int
    reason: str


class SourceError(Exception):
    """A file that cannot be read; the message says why, without its name."""
