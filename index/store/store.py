"""The truth: the documents of one collection in its database. The commit is the acknowledgement.

What writes returns a future that is done after the commit; what reads sees only committed states.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import apsw
import msgspec

from index.documents.attributes import attributes_of
from index.documents.document import Document, Entry
from index.documents.metadata import encode_metadata
from index.documents.passages import Passage, Passages, Rows, mean_of
from index.filters.selectivity import matching, smallest_cover
from index.filters.tree import Condition
from index.store import rows
from index.store.checksums import checksum
from index.store.connections import Database, Readers, storage_errors
from index.store.disk import Disk
from index.store.group import Changes
from index.store.log import check_log
from index.store.meta import read_meta, stored_ndim
from index.store.passage_rows import count_of, fetch_passages
from index.store.schema import migrate
from index.store.unchanged import Stored, fetch_unchanged
from index.store.vector_rows import count_by_variant, variant_number
from index.store.writer import Follower, Writer

PAGE_DOCUMENTS = 256
COUNTED_ROWS = 100_000
NUMBER_BYTES = 4  # of float32


class Include(msgspec.Struct, frozen=True):
    """What comes along with a document: its vector, its passages, with both their vectors."""

    vector: bool = False
    passages: bool = False


NOTHING = Include()


class Store:
    """Open from construction until close. `path` None keeps it in memory. Vectors are written as the `variant`'s."""

    def __init__(self, path: Path | None, variant: str, follower: Follower, disk: Disk) -> None:
        self.disk = disk
        if path is not None:
            check_log(path)
        self.database = Database(path, disk)
        connection = self.database.connect_writer()
        try:
            with storage_errors(path):
                migrate(connection)
                self.meta = read_meta(connection)
                self._highest = rows.highest_key_taken(connection)
                self.cutting = 1
                documents = rows.count(connection)
                self.variant = variant_number(connection, variant)
                self.readers = Readers(self.database)
                self.writer = Writer(connection, path, documents, follower, disk)
        except BaseException:  # whatever it was, nothing else closes what is open already
            connection.close()
            raise

    def close(self) -> None:
        """Do what was submitted, then close all connections."""
        self.writer.close()
        self.readers.close()

    def put_many(self, entries: Sequence[Entry]) -> Future[int]:
        """Write documents in one transaction, each instead of the one that has its id; the last of equal ids stays."""

        def work(connection: apsw.Connection, changes: Changes) -> int:
            last = {entry.content.id: entry for entry in entries}
            remove_ids(connection, list(last), changes)
            self.insert(connection, list(last.values()), changes)
            return len(last)

        return self.writer.submit(work, len(entries))

    def insert(self, connection: apsw.Connection, entries: Sequence[Entry], changes: Changes) -> None:
        """Write documents under new keys, in the writer's thread."""
        keyed = [(self.take_keys(len(entry.passages)), entry) for entry in entries]
        rows.insert(connection, keyed, self.variant)
        rows.mark_stale(connection, (key for key, entry in keyed if entry.passages.cutting not in (None, self.cutting)))
        changes.added += [(key, entry.passages.rows) for key, entry in keyed]

    def take_keys(self, count: int) -> int:
        """Return the last of so many new keys, in the writer's thread."""
        self._highest += count
        return self._highest

    def patch(self, id_: str, patch: dict[str, Any]) -> Future[Document | None]:
        """Merge metadata into a document's; null removes a field. None where there is no such document."""

        def work(connection: apsw.Connection, _: Changes) -> Document | None:
            found = rows.find(connection, id_)
            if found is None:
                return None
            merged = msgspec.json.decode(found.metadata) | patch
            metadata = {field: value for field, value in merged.items() if field not in patch or value is not None}
            encoded = encode_metadata(metadata)
            connection.execute(
                "UPDATE docs SET metadata = ?, crc = ? WHERE key = ?",
                (encoded, checksum(found.key, found.id, found.text, encoded), found.key),
            )
            connection.execute("DELETE FROM attr WHERE key = ?", (found.key,))
            rows.insert_attributes(connection, ((found.key, *row) for row in attributes_of(metadata)))
            return Document(found.id, found.text, metadata)

        return self.writer.submit(work)

    def delete_many(self, ids: Sequence[str]) -> Future[int]:
        """Remove documents in one transaction; the future says how many there were."""

        def work(connection: apsw.Connection, changes: Changes) -> int:
            return remove_ids(connection, ids, changes)

        return self.writer.submit(work, len(ids))

    def delete_matching(self, condition: Condition) -> Future[int]:
        """Remove the documents that match, in one transaction."""

        def work(connection: apsw.Connection, changes: Changes) -> int:
            keys = matching(connection, condition, smallest_cover(connection, condition, COUNTED_ROWS)).tolist()
            rows.remove(connection, keys)
            changes.removed += keys
            return len(keys)

        return self.writer.submit(work)

    def get(self, id_: str, include: Include = NOTHING) -> Document | None:
        with self.readers.reading() as connection:
            found = rows.find(connection, id_)
            return None if found is None else decoded(connection, [found], include)[0]

    def unchanged(self, texts: Mapping[str, str]) -> dict[str, Stored]:
        """Return, by id, what this variant computed of documents that have these texts already."""
        with self.readers.reading() as connection:
            return fetch_unchanged(connection, texts, self.variant)

    def list_after(
        self, id_: str, limit: int, include: Include = NOTHING, max_bytes: int | None = None
    ) -> list[Document]:
        """Return the documents that follow an id in the order of the ids' bytes; at least one if there is one."""
        with self.readers.reading() as connection:
            row_bytes = NUMBER_BYTES * stored_ndim(connection) if include.vector or include.passages else 0

            def vector_bytes(one: rows.StoredDocument) -> int:
                return row_bytes and row_bytes * count_of(connection, one.key)

            found = first_bytes(rows.after(connection, id_, limit), max_bytes, vector_bytes)
            return decoded(connection, found, include)

    def documents(self, include: Include = NOTHING) -> Iterator[Document]:
        """Yield all documents in the order of their ids, a page a transaction."""
        last = ""
        while page := self.list_after(last, PAGE_DOCUMENTS, include):
            yield from page
            last = page[-1].id

    def count(self) -> int:
        with self.readers.reading() as connection:
            return rows.count(connection)

    def count_by_variant(self) -> dict[str, int]:
        """Return how many vectors each variant computed, which reads all of them."""
        with self.readers.reading() as connection:
            return count_by_variant(connection)


def first_bytes(
    found: Iterator[rows.StoredDocument], max_bytes: int | None, more_bytes: Callable[[rows.StoredDocument], int]
) -> list[rows.StoredDocument]:
    """Return the first documents that take at most so many bytes together, at least one; the rest is never read.

    `more_bytes` is what a document takes beside its text and metadata.
    """
    page: list[rows.StoredDocument] = []
    left = float("inf") if max_bytes is None else max_bytes
    for one in found:
        left -= one.content_bytes + more_bytes(one)
        if left < 0 and page:
            break
        page.append(one)
    return page


def decoded(connection: apsw.Connection, found: Sequence[rows.StoredDocument], include: Include) -> list[Document]:
    """Return documents as callers see them, with what they asked for of their vectors and passages."""
    if not (include.vector or include.passages):
        return [one.decode() for one in found]
    passages = fetch_passages(connection, [one.key for one in found], stored_ndim(connection))
    return [one.decode(*seen(one.text, passages.get(one.key), include)) for one in found]


def seen(text: str, found: Passages | None, include: Include) -> tuple[Rows | None, tuple[Passage, ...] | None]:
    """Return the vector and the passages of a text; None where they are damaged or not asked for."""
    if found is None:
        return None, None
    vector = mean_of(found.rows) if include.vector else None
    if not include.passages:
        return vector, None
    pairs = zip(found.spans or ((0, len(text)),), found.rows, strict=True)
    return vector, tuple(Passage(start, end, row if include.vector else None) for (start, end), row in pairs)


def remove_ids(connection: apsw.Connection, ids: Sequence[str], changes: Changes) -> int:
    """Remove the documents of these ids, and return how many there were."""
    keys = sorted(set(rows.keys_of(connection, ids))) if ids else []
    rows.remove(connection, keys)
    changes.removed += keys
    return len(keys)
