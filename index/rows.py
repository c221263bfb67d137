"""The statements on documents and their rows. Each takes a connection, within somebody else's transaction.

Every document and every vector carries a checksum, which is checked whenever it is read.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apsw
import msgspec
import numpy as np
from numpy.typing import NDArray

from index.documents import Document, Entry, Row
from index.errors import DamagedError

PAGE_ROWS = 4096
CRC_BITS = 0xFFFFFFFF


class Stored(msgspec.Struct, frozen=True):
    """A document as it lies in the database."""

    key: int
    id: str
    text: str
    metadata: bytes

    @property
    def content_bytes(self) -> int:
        """How much its text and its metadata are."""
        return len(self.text.encode()) + len(self.metadata)

    def decode(self, vector: Row | None = None) -> Document:
        """Return the document as callers see it."""
        return Document(self.id, self.text, msgspec.json.decode(self.metadata), vector)


def checksum(key: int, id_: str, text: str, metadata: bytes) -> int:
    """Return the CRC of a document under its key."""
    return bytes_checksum(key, id_.encode(), text.encode(), metadata)


def bytes_checksum(key: int, id_: bytes, text: bytes, metadata: bytes) -> int:
    """Return the same, of what may be no text any more; its parts cannot trade places, since an id holds no NUL."""
    return zlib.crc32(metadata, zlib.crc32(text, zlib.crc32(id_ + b"\0", key & CRC_BITS)))


def vector_checksum(key: int, blob: bytes) -> int:
    """Return the CRC of a vector under its key: a row that came under another's differs too."""
    return zlib.crc32(blob, key & CRC_BITS)


def stored(row: Any) -> Stored:
    """Return (key, id, text, metadata, crc) as a document, or raise DamagedError."""
    key, id_, text, metadata, crc = row
    known = isinstance(id_, str) and isinstance(text, str) and isinstance(metadata, bytes)
    if not known or checksum(key, id_, text, metadata) != crc:
        raise DamagedError(f"the document {id_!r} is damaged: its checksum differs. Restore a backup, or put it again")
    return Stored(key, id_, text, metadata)


def insert(connection: apsw.Connection, entries: Sequence[tuple[int, Entry]], variant: int) -> None:
    """Write documents under keys that were never used, their vectors as those of this variant."""
    connection.executemany(
        "INSERT INTO docs (key, id, text, metadata, crc) VALUES (?, ?, ?, ?, ?)",
        [(key, one.id, one.text, one.metadata, checksum(key, one.id, one.text, one.metadata)) for key, one in entries],
    )
    blobs = [(key, one.vector.tobytes()) for key, one in entries]
    connection.executemany(
        "INSERT INTO vectors VALUES (?, ?, ?, ?)",
        [(key, variant, blob, vector_checksum(key, blob)) for key, blob in blobs],
    )
    insert_attributes(connection, ((key, *row) for key, one in entries for row in one.attributes))
    connection.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", [(key, one.text) for key, one in entries])


def insert_fresh(connection: apsw.Connection, key: int, vector: Row, variant: int) -> int:
    """Write a vector where they are gathered anew, unless its document is gone; return how many it is one more."""
    blob = vector.tobytes()
    connection.execute(
        "INSERT OR IGNORE INTO fresh SELECT key, ?, ?, ? FROM docs WHERE key = ?",
        (variant, blob, vector_checksum(key, blob), key),
    )
    return int(connection.changes())


def insert_attributes(connection: apsw.Connection, found: Iterable[tuple[int, str, int, int | float | str]]) -> None:
    """Write the rows that filters search: (key, field, kind, value)."""
    connection.executemany("INSERT INTO attr VALUES (?, ?, ?, ?)", list(found))


def remove(connection: apsw.Connection, key: int) -> None:
    """Remove a document and all that belongs to it; a damaged one costs seconds, since all words are gathered anew."""
    text = text_of(connection, key)
    if text is not None:  # FTS5 keeps no text of its own here, and takes words out by the text that they came from
        connection.execute("INSERT INTO texts (texts, rowid, text) VALUES ('delete', ?, ?)", (key, text))
    for statement in (
        "DELETE FROM docs WHERE key = ?",
        "DELETE FROM vectors WHERE key = ?",
        "DELETE FROM fresh WHERE key = ?",
        "DELETE FROM attr WHERE key = ?",
    ):
        connection.execute(statement, (key,))
    if text is None:
        connection.execute("INSERT INTO texts (texts) VALUES ('rebuild')")


def text_of(connection: apsw.Connection, key: int) -> str | None:
    """Return a document's text as it was written; None where it is damaged, or no such document is there."""
    try:
        found = connection.execute("SELECT key, id, text, metadata, crc FROM docs WHERE key = ?", (key,)).fetchone()
        return None if found is None else stored(found).text
    except (DamagedError, UnicodeDecodeError):
        return None


def key_of(connection: apsw.Connection, id_: str) -> int | None:
    """Return a document's key."""
    found = connection.execute("SELECT key FROM docs WHERE id = ?", (id_,)).fetchone()
    return None if found is None else int(found[0])


def keys_of(connection: apsw.Connection, ids: Sequence[str]) -> list[int]:
    """Return the keys of the documents of these ids, one id at least."""
    query = "SELECT key FROM carray(?) AS wanted CROSS JOIN docs ON docs.id = wanted.value"
    return [int(key) for (key,) in connection.execute(query, (apsw.carray(tuple(ids)),))]


def find(connection: apsw.Connection, id_: str) -> Stored | None:
    """Return a document."""
    found = connection.execute("SELECT key, id, text, metadata, crc FROM docs WHERE id = ?", (id_,)).fetchone()
    return None if found is None else stored(found)


def after(connection: apsw.Connection, id_: str, limit: int) -> Iterator[Stored]:
    """Yield the documents whose ids follow this one, in the order of their ids' bytes, each read when asked for."""
    query = "SELECT key, id, text, metadata, crc FROM docs WHERE id > ? ORDER BY id LIMIT ?"
    return (stored(row) for row in connection.execute(query, (id_, limit)))


def fetch(connection: apsw.Connection, keys: Sequence[int]) -> Iterator[Stored]:
    """Yield the documents of these keys, in no order, each read when asked for; those gone are left out."""
    query = (
        "SELECT docs.key, id, text, metadata, crc FROM carray(?) AS wanted CROSS JOIN docs ON docs.key = wanted.value"
    )
    return (stored(row) for row in connection.execute(query, (array_of(keys),))) if len(keys) else iter(())


def fetch_vectors(
    connection: apsw.Connection, keys: Sequence[int] | NDArray[np.int64], ndim: int
) -> tuple[NDArray[np.int64], Row]:
    """Return the keys (n,) that have a vector, and the vectors (n, ndim)."""
    query = "SELECT vectors.key, vector, crc FROM carray(?) AS wanted CROSS JOIN vectors ON vectors.key = wanted.value"
    found = connection.execute(query, (array_of(keys),)).fetchall() if len(keys) else []
    return checked_vectors(found, ndim)


def all_vectors(connection: apsw.Connection, ndim: int) -> Iterator[tuple[NDArray[np.int64], Row]]:
    """Yield all keys in ascending order, and their vectors, a page at a time; raises DamagedError."""
    query, last = "SELECT key, vector, crc FROM vectors WHERE key > ? ORDER BY key LIMIT ?", 0
    while rows := connection.execute(query, (last, PAGE_ROWS)).fetchall():
        keys, vectors = checked_vectors(rows, ndim)
        if (np.diff(keys, prepend=last) <= 0).any():  # which a damaged tree may well give, and a graph would not take
            raise DamagedError("the vectors are damaged: a key stands where it should not. Restore a backup")
        last = int(keys[-1])
        yield keys, vectors


def checked_vectors(rows: Sequence[Any], ndim: int) -> tuple[NDArray[np.int64], Row]:
    """Return the rows' keys and vectors, or raise DamagedError."""
    for key, blob, crc in rows:
        if not isinstance(blob, bytes) or vector_checksum(key, blob) != crc or len(blob) != 4 * ndim:
            raise DamagedError(f"the vector with key {key} is damaged: its checksum differs. Restore a backup")
    keys = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    return keys, np.frombuffer(b"".join(row[1] for row in rows), np.float32).reshape(len(rows), ndim)


def array_of(keys: Sequence[int] | NDArray[np.int64]) -> "apsw.CArrayBinding":
    """Return keys, one at least, as the one parameter of carray()."""
    return apsw.carray(np.ascontiguousarray(keys, np.int64))


def count(connection: apsw.Connection) -> int:
    """Return the number of documents."""
    return int(single(connection, "SELECT count(*) FROM docs"))


def highest_key(connection: apsw.Connection) -> int:
    """Return the highest key ever given."""
    return max((key for (key,) in select(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'docs'")), default=0)


def variant_number(connection: apsw.Connection, name: str) -> int:
    """Return the number by which vectors name their variant, given now if it has none."""
    for (number,) in select(connection, "SELECT number FROM variants WHERE name = ?", name):
        return int(number)
    connection.execute("INSERT INTO variants (name) VALUES (?)", (name,))
    return int(connection.last_insert_rowid())


def count_by_variant(connection: apsw.Connection) -> dict[str, int]:
    """Return how many vectors each variant computed, which reads the whole table."""
    counted = "SELECT variant, count(*) AS vectors FROM vectors GROUP BY variant"
    query = f"SELECT name, vectors FROM ({counted}) JOIN variants ON number = variant ORDER BY name"  # noqa: S608
    return {str(name): int(vectors) for name, vectors in select(connection, query)}


def select(connection: apsw.Connection, sql: str, *values: int | float | str) -> list[tuple[Any, ...]]:
    """Return all rows of a query."""
    return connection.execute(sql, values).fetchall()


def single(connection: apsw.Connection, sql: str, *values: int | float | str) -> Any:
    """Return the only value of a query's only row."""
    found = connection.execute(sql, values).fetchone()
    assert found is not None
    return found[0]


def read_meta(connection: apsw.Connection) -> dict[str, Any]:
    """Return what the database says of itself."""
    return {str(name): value for name, value in connection.execute("SELECT name, value FROM meta")}


def stored_ndim(connection: apsw.Connection) -> int:
    """Return how many numbers the vectors have in this transaction: an exchange may change that between two."""
    return int(single(connection, "SELECT value FROM meta WHERE name = 'ndim'"))


def write_meta(connection: apsw.Connection, **values: str | int) -> None:
    """Say something of the database."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())
