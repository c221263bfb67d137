"""The truth: the documents of one collection in its database. The commit is the acknowledgement.

Whatever writes returns a future that is done after the commit; whatever reads sees committed states alone.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import apsw
import msgspec

from index import rows
from index.attributes import attributes, encode_metadata
from index.connections import Database, Readers, storage_errors
from index.documents import Document, Entry
from index.filters import Condition
from index.schema import migrate
from index.selectivity import matching, smallest_cover
from index.writer import Changes, Follower, Writer

PAGE_DOCUMENTS = 256
COUNTED_ROWS = 100_000


class Store:
    """Open from construction until close. `at` is told the points at which a test may end the process."""

    def __init__(self, path: Path | None, follower: Follower, at: Callable[[str], None]) -> None:
        self.database = Database(path)
        connection = self.database.connect_writer()
        try:
            with storage_errors(path):
                migrate(connection)
                self.meta = rows.read_meta(connection)
                highest = rows.highest_key(connection)
        except BaseException:  # whatever it was, nobody will close what is open already
            connection.close()
            raise
        self._keys = itertools.count(highest + 1)
        self.readers = Readers(self.database)
        self.writer = Writer(connection, path, follower, at)

    def close(self) -> None:
        """Do what was submitted, then close all connections."""
        self.writer.close()
        self.readers.close()

    def put_many(self, entries: Sequence[Entry]) -> Future[int]:
        """Write documents in one transaction, each instead of the one that has its id; the last of equal ids stays."""

        def work(connection: apsw.Connection, changes: Changes) -> int:
            for entry in entries:
                remove_id(connection, entry.id, changes)
                key = next(self._keys)
                rows.insert(connection, key, entry)
                changes.added.append((key, entry.vector))
            return len(entries)

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
                (encoded, rows.checksum(found.id, found.text, encoded), found.key),
            )
            connection.execute("DELETE FROM attr WHERE key = ?", (found.key,))
            rows.insert_attributes(connection, found.key, attributes(metadata))
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

    def get(self, id_: str, ndim: int | None = None) -> Document | None:
        """Return a document, with its vector of so many numbers if asked."""
        with self.readers.reading() as connection:
            found = rows.find(connection, id_)
            if found is None or ndim is None:
                return None if found is None else found.decode()
            _, vectors = rows.fetch_vectors(connection, [found.key], ndim)
            return found.decode(vectors[0] if len(vectors) else None)

    def list_after(self, id_: str, limit: int, ndim: int | None = None) -> list[Document]:
        """Return the documents that follow an id in the order of the ids' bytes."""
        with self.readers.reading() as connection:
            found = rows.after(connection, id_, limit)
            if ndim is None:
                return [one.decode() for one in found]
            keys, vectors = rows.fetch_vectors(connection, [one.key for one in found], ndim)
            by_key = dict(zip(keys.tolist(), vectors, strict=True))
            return [one.decode(by_key.get(one.key)) for one in found]

    def documents(self, ndim: int | None = None) -> Iterator[Document]:
        """Yield all documents in the order of their ids, a page a transaction."""
        last = ""
        while page := self.list_after(last, PAGE_DOCUMENTS, ndim):
            yield from page
            last = page[-1].id

    def count(self) -> int:
        """Return the number of documents."""
        with self.readers.reading() as connection:
            return rows.count(connection)


def remove_id(connection: apsw.Connection, id_: str, changes: Changes) -> bool:
    """Remove a document if there is one of this id, and say whether there was."""
    key = rows.key_of(connection, id_)
    if key is None:
        return False
    rows.remove(connection, key)
    changes.removed.append(key)
    return True
