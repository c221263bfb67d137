"""The statements on documents and all that belongs to them. Each takes a connection, within the caller's transaction.

Every document carries a checksum, which is checked whenever it is read.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apsw
import msgspec
import numpy as np

from index.documents.attributes import Attribute
from index.documents.document import Document, Entry
from index.documents.vector import Vector
from index.errors import DamagedError
from index.store.checksums import checksum
from index.store.queries import Keys, array_of, select, single
from index.store.vector_rows import insert_vectors


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
    insert_vectors(connection, ((key, entry.vector) for key, entry in entries), variant)
    insert_attributes(connection, ((key, *row) for key, one in contents for row in one.attributes))


def insert_attributes(connection: apsw.Connection, found: Iterable[tuple[int, *Attribute]]) -> None:
    """Write the rows that filters search: (key, field, kind, value)."""
    connection.executemany("INSERT INTO attr VALUES (?, ?, ?, ?)", list(found))


def remove(connection: apsw.Connection, key: int) -> None:
    """Remove a document and all that belongs to it."""
    for statement in (
        "DELETE FROM docs WHERE key = ?",
        "DELETE FROM vectors WHERE key = ?",
        "DELETE FROM fresh WHERE key = ?",
        "DELETE FROM attr WHERE key = ?",
    ):
        connection.execute(statement, (key,))


def key_of(connection: apsw.Connection, id_: str) -> int | None:
    found = connection.execute("SELECT key FROM docs WHERE id = ?", (id_,)).fetchone()
    return None if found is None else int(found[0])


def keys_of(connection: apsw.Connection, ids: Sequence[str]) -> list[int]:
    """Return the keys of the documents that have these ids, of which there must be at least one."""
    query = "SELECT key FROM carray(?) AS wanted CROSS JOIN docs ON docs.id = wanted.value"
    return [int(key) for (key,) in connection.execute(query, (apsw.carray(tuple(ids)),))]


def keys_up_to(connection: apsw.Connection, key: int) -> Keys:
    """Return the keys of all documents up to this one, in ascending order."""
    found = connection.execute("SELECT key FROM docs WHERE key <= ?", (key,)).fetchall()
    return np.sort(np.fromiter((key for (key,) in found), np.int64, len(found)))


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


def count(connection: apsw.Connection) -> int:
    return int(single(connection, "SELECT count(*) FROM docs"))


def highest_key(connection: apsw.Connection) -> int:
    """Return the highest key ever used, by documents that are gone too."""
    return max((key for (key,) in select(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'docs'")), default=0)
