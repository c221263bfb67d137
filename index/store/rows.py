"""The statements on documents and their rows. Each takes a connection, within the caller's transaction.

Every document and every vector carries a checksum, which is checked whenever it is read.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apsw
import msgspec
import numpy as np
from numpy.typing import NDArray

from index.documents.attributes import Attribute, Scalar
from index.documents.document import Document, Entry
from index.documents.vector import Vector
from index.errors import DamagedError
from index.words.table import insert_words, rebuild_words, remove_words

PAGE_ROWS = 4096
CRC_BITS = 0xFFFFFFFF

Keys = NDArray[np.int64]
Vectors = NDArray[np.float32]


class StoredDocument(msgspec.Struct, frozen=True):
    """A document as it lies in the database."""

    key: int
    id: str
    text: str
    metadata: bytes

    @property
    def content_bytes(self) -> int:
        """The size of its text and its metadata."""
        return len(self.text.encode()) + len(self.metadata)

    def decode(self, vector: Vector | None = None) -> Document:
        """Return the document as callers see it."""
        return Document(self.id, self.text, msgspec.json.decode(self.metadata), vector)


def checksum(key: int, id_: str, text: str, metadata: bytes) -> int:
    """Return the CRC of a document under its key."""
    return bytes_checksum(key, id_.encode(), text.encode(), metadata)


def bytes_checksum(key: int, id_: bytes, text: bytes, metadata: bytes) -> int:
    """Do the same for bytes that may no longer be text. An id holds no NUL, so none of its bytes can pass for text."""
    return zlib.crc32(metadata, zlib.crc32(text, zlib.crc32(id_ + b"\0", key & CRC_BITS)))


def vector_checksum(key: int, blob: bytes) -> int:
    """Return the CRC of a vector under its key, so that a vector under another one's key differs too."""
    return zlib.crc32(blob, key & CRC_BITS)


def checked_document(row: Any) -> StoredDocument:
    """Return (key, id, text, metadata, crc) as a document, or raise DamagedError."""
    key, id_, text, metadata, crc = row
    known = isinstance(id_, str) and isinstance(text, str) and isinstance(metadata, bytes)
    if not known or checksum(key, id_, text, metadata) != crc:
        raise DamagedError(f"the document {id_!r} is damaged: its checksum differs. Restore a backup, or put it again")
    return StoredDocument(key, id_, text, metadata)


def insert(connection: apsw.Connection, entries: Sequence[tuple[int, Entry]], variant: int) -> None:
    """Write documents under keys that were never used, their vectors as those of this variant."""
    contents = [(key, entry.content) for key, entry in entries]
    connection.executemany(
        "INSERT INTO docs (key, id, text, metadata, crc) VALUES (?, ?, ?, ?, ?)",
        [(key, one.id, one.text, one.metadata, checksum(key, one.id, one.text, one.metadata)) for key, one in contents],
    )
    blobs = [(key, entry.vector.tobytes()) for key, entry in entries]
    connection.executemany(
        "INSERT INTO vectors VALUES (?, ?, ?, ?)",
        [(key, variant, blob, vector_checksum(key, blob)) for key, blob in blobs],
    )
    insert_attributes(connection, ((key, *row) for key, one in contents for row in one.attributes))
    insert_words(connection, ((key, one.text) for key, one in contents))


def insert_fresh(connection: apsw.Connection, key: int, vector: Vector, variant: int) -> int:
    """Write a vector of a reindexing unless its document is gone or has one; return how many were written, 0 or 1."""
    blob = vector.tobytes()
    connection.execute(
        "INSERT OR IGNORE INTO fresh SELECT key, ?, ?, ? FROM docs WHERE key = ?",
        (variant, blob, vector_checksum(key, blob), key),
    )
    return int(connection.changes())


def insert_attributes(connection: apsw.Connection, found: Iterable[tuple[int, *Attribute]]) -> None:
    """Write the rows that filters search: (key, field, kind, value)."""
    connection.executemany("INSERT INTO attr VALUES (?, ?, ?, ?)", list(found))


def remove(connection: apsw.Connection, key: int) -> None:
    """Remove a document and all that belongs to it; a damaged one takes seconds, since all words are rebuilt."""
    text = text_of(connection, key)
    if text is not None:
        remove_words(connection, key, text)
    for statement in (
        "DELETE FROM docs WHERE key = ?",
        "DELETE FROM vectors WHERE key = ?",
        "DELETE FROM fresh WHERE key = ?",
        "DELETE FROM attr WHERE key = ?",
    ):
        connection.execute(statement, (key,))
    if text is None:
        rebuild_words(connection)


def text_of(connection: apsw.Connection, key: int) -> str | None:
    """Return a document's text as it was written; None where it is damaged, or no such document is there."""
    try:
        found = connection.execute("SELECT key, id, text, metadata, crc FROM docs WHERE key = ?", (key,)).fetchone()
        return None if found is None else checked_document(found).text
    except (DamagedError, UnicodeDecodeError):
        return None


def key_of(connection: apsw.Connection, id_: str) -> int | None:
    found = connection.execute("SELECT key FROM docs WHERE id = ?", (id_,)).fetchone()
    return None if found is None else int(found[0])


def keys_of(connection: apsw.Connection, ids: Sequence[str]) -> list[int]:
    """Return the keys of the documents that have these ids, of which there must be at least one."""
    query = "SELECT key FROM carray(?) AS wanted CROSS JOIN docs ON docs.id = wanted.value"
    return [int(key) for (key,) in connection.execute(query, (apsw.carray(tuple(ids)),))]


def find(connection: apsw.Connection, id_: str) -> StoredDocument | None:
    found = connection.execute("SELECT key, id, text, metadata, crc FROM docs WHERE id = ?", (id_,)).fetchone()
    return None if found is None else checked_document(found)


def after(connection: apsw.Connection, id_: str, limit: int) -> Iterator[StoredDocument]:
    """Yield the documents whose ids follow this one, in the order of their ids' bytes, each read when asked for."""
    query = "SELECT key, id, text, metadata, crc FROM docs WHERE id > ? ORDER BY id LIMIT ?"
    return (checked_document(row) for row in connection.execute(query, (id_, limit)))


def fetch(connection: apsw.Connection, keys: Sequence[int]) -> Iterator[StoredDocument]:
    """Yield the documents with these keys in any order, each read when asked for; those gone are left out."""
    query = (
        "SELECT docs.key, id, text, metadata, crc FROM carray(?) AS wanted CROSS JOIN docs ON docs.key = wanted.value"
    )
    return (checked_document(row) for row in connection.execute(query, (array_of(keys),))) if len(keys) else iter(())


def fetch_vectors(connection: apsw.Connection, keys: Sequence[int] | Keys, ndim: int) -> tuple[Keys, Vectors]:
    """Return the keys (n,) that have a vector, and the vectors (n, ndim)."""
    query = "SELECT vectors.key, vector, crc FROM carray(?) AS wanted CROSS JOIN vectors ON vectors.key = wanted.value"
    found = connection.execute(query, (array_of(keys),)).fetchall() if len(keys) else []
    return checked_vectors(found, ndim)


def all_vectors(connection: apsw.Connection, ndim: int) -> Iterator[tuple[Keys, Vectors]]:
    """Yield all keys in ascending order, and their vectors, a page at a time; raises DamagedError."""
    query, last = "SELECT key, vector, crc FROM vectors WHERE key > ? ORDER BY key LIMIT ?", 0
    while rows := connection.execute(query, (last, PAGE_ROWS)).fetchall():
        keys, vectors = checked_vectors(rows, ndim)
        if (np.diff(keys, prepend=last) <= 0).any():  # which a damaged tree may give, and a graph would not take
            raise DamagedError("the vectors are damaged: a key stands where it should not. Restore a backup")
        last = int(keys[-1])
        yield keys, vectors


def checked_vectors(rows: Sequence[Any], ndim: int) -> tuple[Keys, Vectors]:
    """Return the rows' keys and vectors, or raise DamagedError."""
    for key, blob, crc in rows:
        if not isinstance(blob, bytes) or vector_checksum(key, blob) != crc or len(blob) != 4 * ndim:
            raise DamagedError(f"the vector with key {key} is damaged: its checksum differs. Restore a backup")
    keys = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    return keys, np.frombuffer(b"".join(row[1] for row in rows), np.float32).reshape(len(rows), ndim)


def array_of(keys: Sequence[int] | Keys) -> "apsw.CArrayBinding":
    """Return keys, at least one, as the one parameter of carray()."""
    return apsw.carray(np.ascontiguousarray(keys, np.int64))


def count(connection: apsw.Connection) -> int:
    return int(single(connection, "SELECT count(*) FROM docs"))


def highest_key(connection: apsw.Connection) -> int:
    """Return the highest key ever used, by documents that are gone too."""
    return max((key for (key,) in select(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'docs'")), default=0)


def variant_number(connection: apsw.Connection, name: str) -> int:
    """Return the number by which vectors name their variant; a new variant gets one."""
    for (number,) in select(connection, "SELECT number FROM variants WHERE name = ?", name):
        return int(number)
    connection.execute("INSERT INTO variants (name) VALUES (?)", (name,))
    return int(connection.last_insert_rowid())


def count_by_variant(connection: apsw.Connection) -> dict[str, int]:
    """Return how many vectors each variant computed, which reads the whole table."""
    counted = "SELECT variant, count(*) AS vectors FROM vectors GROUP BY variant"
    query = f"SELECT name, vectors FROM ({counted}) JOIN variants ON number = variant ORDER BY name"  # noqa: S608
    return {str(name): int(vectors) for name, vectors in select(connection, query)}


def select(connection: apsw.Connection, sql: str, *values: Scalar) -> list[tuple[Any, ...]]:
    return connection.execute(sql, values).fetchall()


def single(connection: apsw.Connection, sql: str, *values: Scalar) -> Any:
    """Return the only value of a query's only row."""
    found = connection.execute(sql, values).fetchone()
    assert found is not None
    return found[0]


def read_meta(connection: apsw.Connection) -> dict[str, Any]:
    """Return what holds for the whole database: fingerprint, ndim, and reindexing while one is under way."""
    return {str(name): value for name, value in connection.execute("SELECT name, value FROM meta")}


def stored_ndim(connection: apsw.Connection) -> int:
    """Return how many numbers a vector has in this transaction: a reindexing may change that between two."""
    return int(single(connection, "SELECT value FROM meta WHERE name = 'ndim'"))


def write_meta(connection: apsw.Connection, **values: str | int) -> None:
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


def forget_snapshots(connection: apsw.Connection) -> None:
    """Have no snapshot count any more: their vectors are not those of the database, or none lies beside it."""
    connection.execute("DELETE FROM snapshots")
