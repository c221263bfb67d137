"""The statements on documents and all that belongs to them. Each takes a connection, within the caller's transaction.

Every document carries a checksum, which is checked whenever it is read.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apsw
import msgspec
import numpy as np

from index.documents.attributes import Attribute, attributes_of
from index.documents.document import Content, Document, Entry
from index.documents.passages import Passage
from index.documents.vector import Vector
from index.errors import DamagedError
from index.store.checksums import bytes_checksum, checksum, digest_of_text
from index.store.interruption import checkpoint
from index.store.passage_rows import SPAN, insert_spans, several_of
from index.store.queries import Keys, array_of, select, single
from index.store.schema import LONG_DOCUMENTS
from index.store.vector_rows import GIVEN, insert_vectors, variant_number

COLUMNS = "docs.key, id, text, metadata, crc, expires"
KEYS_TOGETHER = 1 << 16
KEYS = "SELECT group_concat(key) FROM (SELECT key FROM docs WHERE key > ? AND key <= ? ORDER BY key LIMIT ?)"
CUT_OTHERWISE = f"INSERT OR IGNORE INTO stale {LONG_DOCUMENTS}; DELETE FROM fresh; DELETE FROM fresh_passages"  # noqa: S608
GIVEN_STALE = (
    "DELETE FROM stale WHERE doc IN (SELECT key FROM vectors "
    "WHERE key IN (SELECT doc FROM stale) AND variant = (SELECT number FROM variants WHERE name = ?))"
)


class StoredDocument(msgspec.Struct, frozen=True):
    """A document as it lies in the database; `characters` are those of its text, which may have been left away."""

    key: int
    id: str
    text: str
    metadata: bytes
    expires_ms: int | None = None
    characters: int = 0

    @property
    def content_bytes(self) -> int:
        """The size of its text and its metadata."""
        return len(self.text.encode()) + len(self.metadata)

    def decode(self, vector: Vector | None = None, passages: tuple[Passage, ...] | None = None) -> Document:
        """Return the document as callers see it."""
        return Document(self.id, self.text, msgspec.json.decode(self.metadata), vector, passages, self.expires_ms)

    def content(self) -> Content:
        """Return what is written of it again under another key."""
        attributes = attributes_of(msgspec.json.decode(self.metadata))
        return Content(self.id, self.text, self.metadata, frozenset(attributes), self.expires_ms)

    def has_expired(self, now_ms: int) -> bool:
        return self.expires_ms is not None and self.expires_ms <= now_ms


def checked_document(row: Any) -> StoredDocument:
    """Return the COLUMNS of a document, or raise DamagedError."""
    key, id_, text, metadata, crc, expires_ms = row
    known = isinstance(id_, str) and isinstance(text, str) and isinstance(metadata, bytes)
    known = known and isinstance(expires_ms, int | None)
    if not known or checksum(key, id_, text, metadata, expires_ms) != crc:
        raise DamagedError(f"the document {id_!r} is damaged: its checksum differs. Restore a backup, or put it again")
    return StoredDocument(key, id_, text, metadata, expires_ms, len(text))


def insert(connection: apsw.Connection, entries: Sequence[tuple[int, Entry]], variant: int) -> None:
    """Write documents under keys that were never used, their vectors as those of this variant, or as given ones.

    The keys before a document's are those of its other passages.
    """
    contents = [(key, entry.content) for key, entry in entries]
    insert_contents(connection, contents)
    given = [(key, entry) for key, entry in entries if entry.passages.given]
    if given:
        insert_vectors(connection, entries_by_row(given), variant_number(connection, GIVEN))
    own = entries if not given else [(key, entry) for key, entry in entries if not entry.passages.given]
    insert_vectors(connection, entries_by_row(own), variant)
    insert_spans(connection, ((key, entry.passages.spans) for key, entry in entries if len(entry.passages) > 1))
    insert_attributes(connection, ((key, *row) for key, one in contents for row in one.attributes))


def insert_contents(connection: apsw.Connection, contents: Iterable[tuple[int, Content | StoredDocument]]) -> None:
    values = []
    for key, one in contents:
        text = one.text.encode()
        crc = bytes_checksum(key, one.id.encode(), text, one.metadata, one.expires_ms)
        values.append((key, one.id, one.text, one.metadata, crc, one.expires_ms, digest_of_text(text)))
    connection.executemany(
        "INSERT INTO docs (key, id, text, metadata, crc, expires, digest) VALUES (?, ?, ?, ?, ?, ?, ?)", values
    )


def rename(connection: apsw.Connection, key: int, new: int) -> None:
    """Give a document another key, which was never used; its vectors and passages are the caller's."""
    for found in list(fetch(connection, [key])):
        connection.execute("DELETE FROM docs WHERE key = ?", (key,))
        insert_contents(connection, [(new, found)])  # an update would not count the key as used
        connection.execute("UPDATE attr SET key = ? WHERE key = ?", (new, key))


def entries_by_row(entries: Sequence[tuple[int, Entry]]) -> Iterator[tuple[int, Vector]]:
    """Yield the key and the vector of each passage."""
    for key, entry in entries:
        yield from enumerate(entry.passages.rows, key - len(entry.passages) + 1)


def insert_attributes(connection: apsw.Connection, found: Iterable[tuple[int, *Attribute]]) -> None:
    """Write the rows that filters search: (key, field, kind, value)."""
    connection.executemany("INSERT INTO attr VALUES (?, ?, ?, ?)", list(found))


def remove(connection: apsw.Connection, keys: Sequence[int]) -> None:
    """Remove documents and all that belongs to them."""
    if not len(keys):
        return
    documents = np.unique(np.asarray(keys, np.int64))
    delete(connection, "vectors", "key", several_of(connection, documents).rows(documents))
    remove_fresh(connection, documents)
    for table, column in (("docs", "key"), ("attr", "key"), ("passages", "doc"), ("stale", "doc")):
        delete(connection, table, column, documents)


def delete(connection: apsw.Connection, table: str, column: str, keys: Keys) -> None:
    statement = f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM carray(?))"  # noqa: S608 - names from here
    connection.execute(statement, (array_of(keys),))


def remove_fresh(connection: apsw.Connection, documents: Keys) -> None:
    """Remove what a reindexing has gathered of documents."""
    query = (
        "SELECT last, octet_length(fresh_passages.spans) FROM carray(?) AS wanted "
        "CROSS JOIN fresh_passages ON fresh_passages.doc = wanted.value"
    )
    found: list[Any] = connection.execute(query, (array_of(documents),)).fetchall()
    for last, size in found:
        first = last - max(1, size // SPAN.size) + 1
        connection.execute("DELETE FROM fresh WHERE key BETWEEN ? AND ?", (first, last))
    delete(connection, "fresh", "key", documents)
    delete(connection, "fresh_passages", "doc", documents)


def mark_stale(connection: apsw.Connection, keys: Iterable[int]) -> None:
    """Note that other settings cut these documents."""
    connection.executemany("INSERT OR IGNORE INTO stale VALUES (?)", [(key,) for key in keys])


def cut_otherwise(connection: apsw.Connection) -> None:
    """Note that other settings cut all documents that may be cut, and forget what a reindexing has gathered.

    Given vectors are of no settings.
    """
    connection.execute(CUT_OTHERWISE)
    if select(connection, "SELECT 1 FROM variants WHERE name = ?", GIVEN):
        connection.execute(GIVEN_STALE, (GIVEN,))


def key_of(connection: apsw.Connection, id_: str) -> int | None:
    found = connection.execute("SELECT key FROM docs WHERE id = ?", (id_,)).fetchone()
    return None if found is None else int(found[0])


def keys_of(connection: apsw.Connection, ids: Sequence[str]) -> list[int]:
    """Return the keys of the documents that have these ids, of which there must be at least one."""
    query = "SELECT key FROM carray(?) AS wanted CROSS JOIN docs ON docs.id = wanted.value"
    return [int(key) for (key,) in connection.execute(query, (apsw.carray(tuple(ids)),))]


def keys_up_to(connection: apsw.Connection, key: int) -> Keys:
    """Return the keys of all documents up to this one, in ascending order; raises DamagedError.

    They come as text, many at once: a step of Python for each would take as long as reading them.
    """
    found, last = [np.empty(0, np.int64)], -1
    while (text := single(connection, KEYS, last, key, KEYS_TOGETHER)) is not None:
        page = np.fromstring(text, np.int64, sep=",")
        if (np.diff(page, prepend=last) <= 0).any():  # which a damaged tree may give
            raise DamagedError("the documents are damaged: a key stands where it should not. Restore a backup")
        found.append(page)
        last = int(page[-1])
        checkpoint()
    return np.concatenate(found)


def find(connection: apsw.Connection, id_: str) -> StoredDocument | None:
    """Return the document of an id, also if it has expired."""
    found = connection.execute(f"SELECT {COLUMNS} FROM docs WHERE id = ?", (id_,)).fetchone()  # noqa: S608
    return None if found is None else checked_document(found)


def fetch(connection: apsw.Connection, keys: Sequence[int]) -> Iterator[StoredDocument]:
    """Yield the documents with these keys in any order, each read when asked for; those gone are left out."""
    query = f"SELECT {COLUMNS} FROM carray(?) AS wanted CROSS JOIN docs ON docs.key = wanted.value"  # noqa: S608
    return (checked_document(row) for row in connection.execute(query, (array_of(keys),))) if len(keys) else iter(())


def count(connection: apsw.Connection) -> int:
    return int(single(connection, "SELECT count(*) FROM docs"))


def highest_key(connection: apsw.Connection) -> int:
    """Return the highest key ever used, by documents that are gone too."""
    return max((key for (key,) in select(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'docs'")), default=0)


def highest_key_taken(connection: apsw.Connection) -> int:
    """Return the highest key ever used, or taken for vectors that are not exchanged yet."""
    gathered = single(connection, "SELECT max(key) FROM fresh")
    return max(highest_key(connection), 0 if gathered is None else int(gathered))
