"""The statements on passages: which documents have several, where those stand in the text, and their vectors' keys.

A document of n passages takes n keys: its own is that of its last passage, the others are those before it. A document
that is one passage has no row here.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import apsw
import msgspec
import numpy as np

from index.documents.passages import Passages, Span
from index.errors import DamagedError
from index.store.checksums import vector_checksum
from index.store.queries import Keys, array_of, select
from index.store.vector_rows import fetch_vectors

SPAN = struct.Struct("<2I")
ALL = "doc, parts, spans, crc"


class Several(msgspec.Struct, frozen=True, eq=False):
    """The documents of several passages: their keys (n,) int64 in ascending order, and how many each has."""

    keys: Keys
    counts: Keys

    def owners(self, rows: Keys) -> Keys:
        """Return the document of each of these vectors, by key."""
        if not len(self.keys):
            return rows
        places = np.minimum(np.searchsorted(self.keys, rows), len(self.keys) - 1)
        last = self.keys[places]
        return np.asarray(np.where((rows <= last) & (rows > last - self.counts[places]), last, rows), np.int64)

    def counts_of(self, documents: Keys) -> Keys:
        """Return how many passages each of these documents has."""
        if not len(self.keys):
            return np.ones(len(documents), np.int64)
        places = np.minimum(np.searchsorted(self.keys, documents), len(self.keys) - 1)
        return np.asarray(np.where(self.keys[places] == documents, self.counts[places], 1), np.int64)

    def rows(self, documents: Keys) -> Keys:
        """Return the keys of all vectors of these documents."""
        counts = self.counts_of(documents)
        return stretches(documents - counts + 1, counts)


def stretches(starts: Keys, counts: Keys) -> Keys:
    """Return so many whole numbers from each start on, one stretch after the other."""
    ends = np.cumsum(counts)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    return np.asarray(np.repeat(starts, counts) + within, np.int64)


def encode_spans(spans: Sequence[Span]) -> bytes:
    return b"".join(SPAN.pack(*span) for span in spans)


def decode_spans(blob: bytes) -> tuple[Span, ...]:
    return tuple((int(start), int(end)) for start, end in SPAN.iter_unpack(blob))


def insert_spans(connection: apsw.Connection, several: Iterable[tuple[int, Sequence[Span]]]) -> None:
    """Write the spans of documents of several passages, by the documents' keys."""
    encoded = ((key, len(spans), encode_spans(spans)) for key, spans in several)
    connection.executemany(
        "INSERT INTO passages VALUES (?, ?, ?, ?)",
        [(key, count, blob, vector_checksum(key, blob)) for key, count, blob in encoded],
    )


def count_of(connection: apsw.Connection, document: int) -> int:
    """Return how many passages a document has, or raise DamagedError where its row does not agree with itself."""
    found = connection.execute("SELECT parts, octet_length(spans) FROM passages WHERE doc = ?", (document,)).fetchone()
    if found is None:
        return 1
    count, size_bytes = found
    if not isinstance(count, int) or size_bytes != count * SPAN.size:
        raise damaged(document)
    return count


def several_of(connection: apsw.Connection, documents: Sequence[int] | Keys) -> Several:
    """Return which of these documents have several passages; raises DamagedError."""
    return counted(stored(connection, documents))


def all_several(connection: apsw.Connection) -> Several:
    """Return all documents of several passages; raises DamagedError."""
    return counted(select(connection, f"SELECT {ALL} FROM passages"))  # noqa: S608


def stored(connection: apsw.Connection, documents: Sequence[int] | Keys) -> list[Any]:
    """Return (doc, parts, spans, crc) of those of these documents that have several passages."""
    query = f"SELECT {ALL} FROM carray(?) AS wanted CROSS JOIN passages ON passages.doc = wanted.value"  # noqa: S608
    return connection.execute(query, (array_of(documents),)).fetchall() if len(documents) else []


def counted(found: Iterable[Any]) -> Several:
    return arranged((int(row[0]), len(checked_blob(row)) // SPAN.size) for row in found)


def arranged(found: Iterable[tuple[int, int]]) -> Several:
    """Return documents with how many passages each has, in the order of their keys."""
    pairs = np.array(sorted(found), np.int64).reshape(-1, 2)
    return Several(np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1]))


def spans_of(connection: apsw.Connection, documents: Sequence[int] | Keys) -> Mapping[int, tuple[Span, ...]]:
    """Return the spans of those of these documents that have several passages, or raise DamagedError."""
    return {int(row[0]): checked_spans(row) for row in stored(connection, documents)}


def checked_spans(row: Any) -> tuple[Span, ...]:
    """Return (doc, parts, spans, crc) as spans, or raise DamagedError."""
    return decode_spans(checked_blob(row))


def checked_blob(row: Any) -> bytes:
    """Return the spans of (doc, parts, spans, crc) as they are stored, or raise DamagedError."""
    key, count, blob, crc = row
    known = isinstance(count, int) and isinstance(blob, bytes) and len(blob) == count * SPAN.size
    if not known or vector_checksum(key, blob) != crc:
        raise damaged(key)
    return bytes(blob)


def damaged(key: object) -> DamagedError:
    return DamagedError(f"the passages of the document with key {key} are damaged. Restore a backup")


def fetch_passages(connection: apsw.Connection, documents: Sequence[int], ndim: int) -> dict[int, Passages]:
    """Return the passages of these documents by key, of those that have all their vectors; raises DamagedError."""
    spans = spans_of(connection, documents)
    wanted = np.sort(np.asarray(documents, np.int64))
    several = arranged((key, len(found)) for key, found in spans.items())
    keys, vectors = fetch_vectors(connection, several.rows(wanted), ndim)
    owners = several.owners(keys)
    starts, ends = np.searchsorted(owners, wanted), np.searchsorted(owners, wanted, "right")
    found = {}
    for key, start, end in zip(wanted.tolist(), starts.tolist(), ends.tolist(), strict=True):
        stood = spans.get(key, ())
        if end - start == max(1, len(stood)):
            found[key] = Passages(vectors[start:end], stood)
    return found
