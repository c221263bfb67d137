"""The truth: the documents of one collection in its database. The commit is the acknowledgement.

What writes returns a future that is done after the commit; what reads sees only committed states.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import apsw
import msgspec

from index.documents.attributes import attributes_of
from index.documents.document import Document, Entry
from index.documents.metadata import encode_metadata
from index.documents.vector import Vector
from index.filters.selectivity import matching, smallest_cover
from index.filters.tree import Condition
from index.store import rows
from index.store.checksums import checksum
from index.store.connections import Database, Readers, storage_errors
from index.store.disk import Disk
from index.store.group import Changes
from index.store.log import check_log
from index.store.meta import read_meta, stored_ndim
from index.store.schema import migrate
from index.store.vector_rows import count_by_variant, fetch_unchanged, fetch_vectors, variant_number
from index.store.writer import Follower, Writer

PAGE_DOCUMENTS = 256
COUNTED_ROWS = 100_000


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
                highest = rows.highest_key(connection)
                documents = rows.count(connection)
                self.variant = variant_number(connection, variant)
                self._keys = itertools.count(highest + 1)
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
            for key in rows.keys_of(connection, list(last)) if last else ():
                rows.remove(connection, key)
                changes.removed.append(key)
            keyed = [(next(self._keys), entry) for entry in last.values()]
            rows.insert(connection, keyed, self.variant)
            changes.added += [(key, entry.vector) for key, entry in keyed]
            return len(last)

        return self.writer.submit(work, len(entries))

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
            return sum(remove_id(connection, id_, changes) for id_ in ids)

        return self.writer.submit(work, len(ids))

    def delete_matching(self, condition: Condition) -> Future[int]:
        """Remove the documents that match, in one transaction."""

        def work(connection: apsw.Connection, changes: Changes) -> int:
            keys = matching(connection, condition, smallest_cover(connection, condition, COUNTED_ROWS)).tolist()
            for key in keys:
                rows.remove(connection, key)
            changes.removed += keys
            return len(keys)

        return self.writer.submit(work)

    def get(self, id_: str, include_vector: bool = False) -> Document | None:
        with self.readers.reading() as connection:
            found = rows.find(connection, id_)
            if found is None or not include_vector:
                return None if found is None else found.decode()
            _, vectors = fetch_vectors(connection, [found.key], stored_ndim(connection))
            return found.decode(vectors[0] if len(vectors) else None)

    def unchanged_vectors(self, texts: Mapping[str, str]) -> dict[str, Vector]:
        """Return, by id, the vectors of this variant whose documents have these texts already."""
        with self.readers.reading() as connection:
            keys = rows.keys_of(connection, list(texts)) if texts else []
            return fetch_unchanged(connection, list(keys), texts, self.variant, stored_ndim(connection))

    def list_after(
        self, id_: str, limit: int, include_vector: bool = False, max_bytes: int | None = None
    ) -> list[Document]:
        """Return the documents that follow an id in the order of the ids' bytes; at least one if there is one."""
        with self.readers.reading() as connection:
            found = first_bytes(rows.after(connection, id_, limit), max_bytes)
            if not include_vector:
                return [one.decode() for one in found]
            keys, vectors = fetch_vectors(connection, [one.key for one in found], stored_ndim(connection))
            by_key = dict(zip(keys.tolist(), vectors, strict=True))
            return [one.decode(by_key.get(one.key)) for one in found]

    def documents(self, include_vector: bool = False) -> Iterator[Document]:
        """Yield all documents in the order of their ids, a page a transaction."""
        last = ""
        while page := self.list_after(last, PAGE_DOCUMENTS, include_vector):
            yield from page
            last = page[-1].id

    def count(self) -> int:
        with self.readers.reading() as connection:
            return rows.count(connection)

    def count_by_variant(self) -> dict[str, int]:
        """Return how many vectors each variant computed, which reads all of them."""
        with self.readers.reading() as connection:
            return count_by_variant(connection)


def first_bytes(found: Iterator[rows.StoredDocument], max_bytes: int | None) -> list[rows.StoredDocument]:
    """Return the first documents that take at most so many bytes together, at least one; the rest is never read."""
    page: list[rows.StoredDocument] = []
    left = float("inf") if max_bytes is None else max_bytes
    for one in found:
        left -= one.content_bytes
        if left < 0 and page:
            break
        page.append(one)
    return page


def remove_id(connection: apsw.Connection, id_: str, changes: Changes) -> bool:
    """Remove the document of this id if there is one, and say whether there was."""
    key = rows.key_of(connection, id_)
    if key is None:
        return False
    rows.remove(connection, key)
    changes.removed.append(key)
    return True
