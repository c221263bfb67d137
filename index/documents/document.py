"""Documents: as callers hand them in and get them, as they are once checked and encoded, and the checks."""

from typing import Any

import msgspec

from index.documents.attributes import Attribute, attributes_of
from index.documents.ids import check_id, encode_text
from index.documents.metadata import encode_metadata
from index.documents.passages import Passage, Passages, check_passages, whole
from index.documents.vector import Vector
from index.errors import DocumentError, VectorError

MAX_TEXT_BYTES = 16 * 1024 * 1024
MAX_EXPIRES_MS = 253_402_300_799_999  # the end of the year 9999, the last that RFC 3339 can write


class Document(msgspec.Struct, frozen=True, eq=False):
    """A document; `vector` (ndim,) float32 of unit length is needed to put it, and returned where asked for.

    That of a text of several passages is their mean. `passages` are there where they were asked for. From
    `expires_ms` on, Unix time in milliseconds, nothing finds the document; None lasts.
    """

    id: str
    text: str
    metadata: dict[str, Any] = {}
    vector: Vector | None = None
    passages: tuple[Passage, ...] | None = None
    expires_ms: int | None = None


class Content(msgspec.Struct, frozen=True, eq=False):
    """A document without its vector, checked by `check_content`: metadata as JSON, and the rows that filters search."""

    id: str
    text: str
    metadata: bytes
    attributes: frozenset[Attribute]
    expires_ms: int | None = None


class Entry(msgspec.Struct, frozen=True, eq=False):
    """Checked content and its passages: what `put` and `put_many` write without checking the content again."""

    content: Content
    passages: Passages


def check_content(id_: str, text: str, metadata: object, expires_ms: int | None = None) -> Content:
    """Return the content encoded as it is stored, or raise DocumentError as a put would: before there is a vector.

    An instant that has passed is no error: the document is gone as soon as it is put, and the one of its id with it.
    """
    check_id(id_)
    # A character has a byte at least: what is too long in characters is not copied.
    if len(text) > MAX_TEXT_BYTES or len(encode_text("text", text)) > MAX_TEXT_BYTES:
        raise DocumentError(f"the text of {id_!r} is longer than {MAX_TEXT_BYTES} bytes")
    encoded = encode_metadata(metadata)
    assert isinstance(metadata, dict)  # or it would not have been encoded
    if expires_ms is not None and expires_ms > MAX_EXPIRES_MS:
        raise DocumentError(f"{id_!r} expires at {expires_ms} ms, which is after the year 9999")
    return Content(id_, text, encoded, frozenset(attributes_of(metadata)), expires_ms)


def entry_of(document: Document | Entry, ndim: int) -> Entry:
    """Return what to write, or raise what is wrong with the document or its vectors."""
    if isinstance(document, Entry):
        content, passages = document.content, document.passages
    else:
        content = check_content(document.id, document.text, document.metadata, document.expires_ms)
        if document.vector is None:
            raise VectorError(f"the document {content.id!r} has no vector")
        passages = whole(document.vector)
    return Entry(content, check_passages(passages, content.text, ndim))
