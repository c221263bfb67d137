"""The statements on documents and their rows. Each takes a connection, within somebody else's transaction.

Every document and every vector carries a checksum, which is checked whenever it is read.
"""

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import apsw
import msgspec
import numpy as np
from numpy.typing import NDArray

from index.documents import Document, Entry, Row
from index.errors import DamagedError

PAGE_ROWS = 4096


class Stored(msgspec.Struct, frozen=True):
    """A document as it lies in the database."""

    key: int
    id: str
    text: str
    metadata: bytes

    def decode(self, vector: Row | None = None) -> Document:
        """Return the document as callers see it."""
        return Document(self.id, self.text, msgspec.json.decode(self.metadata), vector)


def checksum(id_: str, text: str, metadata: bytes) -> int:
    """Return the CRC of a document; its parts cannot trade places, since an id holds no NUL."""
    return zlib.crc32(metadata, zlib.crc32(text.encode(), zlib.crc32(id_.encode() + b"\0")))


def stored(row: Any) -> Stored:
    """Return (key, id, text, metadata, crc) as a document, or raise DamagedError."""
    key, id_, text, metadata, crc = row
    if checksum(id_, text, metadata) != crc:
        raise DamagedError(f"the document {id_!r} is damaged: its checksum differs. Restore a backup, or put it again")
    return Stored(key, id_, text, metadata)


def insert(connection: apsw.Connection, key: int, entry: Entry) -> None:
    """Write a document under a key that was never used."""
    connection.execute(
        "INSERT INTO docs (key, id, text, metadata, crc) VALUES (?, ?, ?, ?, ?)",
        (key, entry.id, entry.text, entry.metadata, checksum(entry.id, entry.text, entry.metadata)),
    )
    insert_vector(connection, "vectors", key, entry.vector)
    insert_attributes(connection, key, entry.attributes)
    connection.execute("INSERT INTO texts (rowid, text) VALUES (?, ?)", (key, entry.text))


def insert_vector(connection: apsw.Connection, table: str, key: int, vector: Row) -> None:
    """Write a vector into vectors, or into the table in which they are gathered anew."""
    blob = vector.tobytes()
    connection.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", (key, blob, zlib.crc32(blob)))  # noqa: S608


def insert_attributes(connection: apsw.Connection, key: int, found: frozenset[Any] | set[Any]) -> None:
    """Write the rows that filters search."""
    connection.executemany("INSERT INTO attr VALUES (?, ?, ?, ?)", ((key, *row) for row in sorted(found, key=repr)))


def remove(connection: apsw.Connection, key: int) -> None:
    """Remove a document and all that belongs to it."""
    # FTS5 keeps no text of its own here, and takes words out by the text that they came from.
    connection.execute(
        "INSERT INTO texts (texts, rowid, text) SELECT 'delete', key, text FROM docs WHERE key = ?", (key,)
    )
    for statement in (
        "DELETE FROM docs WHERE key = ?",
        "DELETE FROM vectors WHERE key = ?",
        "DELETE FROM fresh WHERE key = ?",
        "DELETE FROM attr WHERE key = ?",
    ):
        connection.execute(statement, (key,))


def key_of(connection: apsw.Connection, id_: str) -> int | None:
    """Return a document's key."""
    found = connection.execute("SELECT key FROM docs WHERE id = ?", (id_,)).fetchone()
    return None if found is None else int(found[0])


def find(connection: apsw.Connection, id_: str) -> Stored | None:
    """Return a document."""
    found = connection.execute("SELECT key, id, text, metadata, crc FROM docs WHERE id = ?", (id_,)).fetchone()
    return None if found is None else stored(found)


def after(connection: apsw.Connection, id_: str, limit: int) -> list[Stored]:
    """Return the documents whose ids follow this one, in the order of their ids' bytes."""
    query = "SELECT key, id, text, metadata, crc FROM docs WHERE id > ? ORDER BY id LIMIT ?"
    return [stored(row) for row in connection.execute(query, (id_, limit))]


def fetch(connection: apsw.Connection, keys: Sequence[int]) -> dict[int, Stored]:
    """Return the documents of these keys; those that are gone are left out."""
    query = (
        "SELECT docs.key, docs.id, text, metadata, crc FROM json_each(?) AS wanted JOIN docs ON docs.key = wanted.value"
    )
    return {row[0]: stored(row) for row in connection.execute(query, (encode_keys(keys),))}


def fetch_vectors(
    connection: apsw.Connection, keys: Sequence[int] | NDArray[np.int64], ndim: int
) -> tuple[NDArray[np.int64], Row]:
    """Return the keys (n,) that have a vector, and the vectors (n, ndim)."""
    query = "SELECT vectors.key, vector, crc FROM json_each(?) AS wanted JOIN vectors ON vectors.key = wanted.value"
    return checked_vectors(connection.execute(query, (encode_keys(keys),)).fetchall(), ndim)


def all_vectors(connection: apsw.Connection, ndim: int) -> Iterator[tuple[NDArray[np.int64], Row]]:
    """Yield all keys in ascending order, and their vectors, a page at a time."""
    query, last = "SELECT key, vector, crc FROM vectors WHERE key > ? ORDER BY key LIMIT ?", 0
    while rows := connection.execute(query, (last, PAGE_ROWS)).fetchall():
        last = int(rows[-1][0])  # type: ignore[arg-type] # a key is an integer
        yield checked_vectors(rows, ndim)


def checked_vectors(rows: Sequence[Any], ndim: int) -> tuple[NDArray[np.int64], Row]:
    """Return the rows' keys and vectors, or raise DamagedError."""
    for key, blob, crc in rows:
        if zlib.crc32(blob) != crc or len(blob) != 4 * ndim:
            raise DamagedError(
                f"the vector with key {key} is damaged: its checksum differs. Restore a backup, or reindex"
            )
    keys = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    return keys, np.frombuffer(b"".join(row[1] for row in rows), np.float32).reshape(len(rows), ndim)


def encode_keys(keys: Sequence[int] | NDArray[np.int64]) -> str:
    """Return keys as one parameter, a list in JSON."""
    return f"[{','.join(str(int(key)) for key in keys)}]"


def count(connection: apsw.Connection) -> int:
    """Return the number of documents."""
    return int(single(connection, "SELECT count(*) FROM docs"))


def highest_key(connection: apsw.Connection) -> int:
    """Return the highest key ever given."""
    return max((key for (key,) in select(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'docs'")), default=0)


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


def write_meta(connection: apsw.Connection, **values: str | int) -> None:
    """Say something of the database."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())
