"""Documents, searches and hits as callers see them, and the limits of each. What enters is checked here, once."""

from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.attributes import Attribute, attributes, encode_metadata
from index.errors import DocumentError, QueryError, VectorError

MAX_ID_BYTES = 512
MAX_TEXT_BYTES = 16 * 1024 * 1024
MAX_TOP_K = 1_000
DEFAULT_THRESHOLD = 0.5  # a cosine
UNIT_TOLERANCE = 0.01  # of a row's norm, which float16 and other libraries' rounding stay far below

Row = NDArray[np.float32]
Mode = Literal["vector", "text", "hybrid"]


class Document(msgspec.Struct, frozen=True, eq=False):
    """A document; `vector` (ndim,) float32 of unit length is needed to put it, and returned where asked for."""

    id: str
    text: str
    metadata: dict[str, Any] = {}
    vector: Row | None = None


class Query(msgspec.Struct, frozen=True, eq=False):
    """A search. Modes vector and hybrid need `vector`, modes text and hybrid `text`.

    `threshold` bounds the score from below; left out, it is 0.5 in mode vector and nothing in the others. Hits whose
    texts and metadata pass `max_bytes` together are refused, not cut off.
    """

    mode: Mode = "vector"
    vector: Row | None = None
    text: str | None = None
    top_k: int = 10
    threshold: float | None = None
    filter: dict[str, Any] | None = None
    max_bytes: int | None = None


class Hit(msgspec.Struct, frozen=True):
    """A document found. `score`: the cosine, the negated bm25, or the fused sum of reciprocal ranks."""

    id: str
    text: str
    score: float
    metadata: dict[str, Any]


class Entry(msgspec.Struct, frozen=True, eq=False):
    """A document as it is written: metadata as JSON, and the rows that filters search."""

    id: str
    text: str
    metadata: bytes
    attributes: frozenset[Attribute]
    vector: Row


def entry_of(document: Document, ndim: int) -> Entry:
    """Return what to write, or raise what is wrong with the document."""
    metadata = checked_content(document.id, document.text, document.metadata)
    if document.vector is None:
        raise VectorError(f"the document {document.id!r} has no vector")
    return Entry(
        id=document.id,
        text=document.text,
        metadata=metadata,
        attributes=frozenset(attributes(document.metadata)),
        vector=check_vector(document.vector, ndim),
    )


def check_content(id_: str, text: str, metadata: object) -> None:
    """Raise what a put would raise for these, whatever the vector: for whoever has yet to compute it."""
    checked_content(id_, text, metadata)


def checked_content(id_: str, text: str, metadata: object) -> bytes:
    """Return the metadata as JSON, or raise what is wrong with a document but for its vector."""
    check_id(id_)
    if len(checked("text", text)) > MAX_TEXT_BYTES:
        raise DocumentError(f"the text of {id_!r} is longer than {MAX_TEXT_BYTES} bytes")
    return encode_metadata(metadata)


def checked(what: str, text: str) -> bytes:
    """Return the text's UTF-8, or raise if it has none."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise DocumentError(f"the {what} is not Unicode (a lone surrogate)") from error


def check_id(given: str) -> str:
    """Return the id if it is one: any text of 1 to 512 bytes without NUL."""
    size = len(checked("id", given))
    if not 1 <= size <= MAX_ID_BYTES:
        raise DocumentError(f"an id takes 1 to {MAX_ID_BYTES} bytes of UTF-8; this one takes {size}")
    if "\0" in given:
        raise DocumentError("an id must not hold NUL")
    return given


def check_vector(vector: Row, ndim: int) -> Row:
    """Return the vector as a contiguous row of unit length, or raise what is wrong with it."""
    row = np.ascontiguousarray(vector, np.float32)
    if row.shape != (ndim,):
        raise VectorError(f"a vector here has {ndim} numbers; this one has the shape {row.shape}")
    if not np.isfinite(row).all():
        raise VectorError("a vector holds numbers that are not finite")
    norm = float(np.linalg.norm(row))
    if abs(norm - 1) > UNIT_TOLERANCE:
        raise VectorError(f"a vector must have length 1; this one has length {norm:.4g}")
    return row


def check_query(query: Query, ndim: int) -> Query:
    """Return the query with its vector checked, or raise what is wrong with it."""
    if not 1 <= query.top_k <= MAX_TOP_K:
        raise QueryError(f"top_k must be 1 to {MAX_TOP_K}; {query.top_k} was given")
    if query.max_bytes is not None and query.max_bytes < 1:
        raise QueryError(f"max_bytes must be 1 at least; {query.max_bytes} was given")
    if query.threshold is not None and not np.isfinite(query.threshold):
        raise QueryError("the threshold is not a finite number")
    if query.mode != "vector" and query.text is None:
        raise QueryError(f"a search in mode {query.mode} needs a text")
    if query.text is not None:
        checked("query", query.text)
    if query.mode == "text":
        return query
    if query.vector is None:
        raise QueryError(f"a search in mode {query.mode} needs a vector")
    return msgspec.structs.replace(query, vector=check_vector(query.vector, ndim))
