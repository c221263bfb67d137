"""The truth: the documents of one collection in its database. The commit is the acknowledgement.

What writes returns a future that is done after the commit. `reads` sees only committed states.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import apsw
import msgspec

from index.documents.attributes import attributes_of
from index.documents.document import Document, Entry
from index.documents.metadata import Room, check_value, encode_metadata
from index.errors import IndexRoomError
from index.filters.tree import Condition
from index.store import rows
from index.store.checksums import checksum
from index.store.clock import Clock
from index.store.connections import Database, Readers, storage_errors
from index.store.deletion import Deletion
from index.store.disk import Disk
from index.store.expiry import count_expired_of
from index.store.followers import Followers
from index.store.group import Changes, Write
from index.store.leftovers import empty_log
from index.store.log import check_log
from index.store.meta import read_meta
from index.store.reads import Reads
from index.store.schema import migrate
from index.store.shared import Shared
from index.store.sweeping import Sweeper
from index.store.vector_rows import variant_number
from index.store.writer import Follower, Writer


class Store:
    """Open from construction until close. `path` None keeps it in memory. Vectors are written as the `variant`'s.

    What has expired is deleted from `sweep` on.
    """

    def __init__(
        self,
        path: Path | None,
        variant: str,
        follower: Follower,
        disk: Disk,
        clock: Clock | None = None,
        shared: Shared | None = None,
    ) -> None:
        self.disk = disk
        self.clock = clock or Clock()
        self.shared = shared or Shared()
        self.sweeper = Sweeper(self.clock, self.shared)
        if path is not None and path not in self.shared.checked:
            check_log(path)
            self.shared.checked.add(path)
        self.database = Database(path, disk)
        connection = self.database.connect_writer()
        try:
            with storage_errors(path):
                empty_log(connection, disk.busy_ms)
                migrate(connection)
                self.meta = read_meta(connection)
                self._highest = rows.highest_key_taken(connection)
                self.cutting = 1
                documents = rows.count(connection)
                self.variant = variant_number(connection, variant)
                self.readers = Readers(self.database, self.shared.idle)
                followers = Followers(follower, self.sweeper)
                self.writer = Writer(connection, self.database, documents, followers, disk, self.shared)
                self.reads = Reads(self.readers, self.writer, self.clock, self.variant)
        except BaseException:  # whatever it was, nothing else closes what is open already
            connection.close()
            raise

    def stop_writing(self, reason: IndexRoomError | None = None) -> None:
        """Do what was submitted, and nothing more: whoever writes gets the reason. Reading goes on."""
        self.sweeper.close()
        self.writer.close(reason)

    def close(self, reason: IndexRoomError | None = None) -> None:
        """Do what was submitted, then close all connections; whoever comes later gets the reason."""
        self.stop_writing(reason)
        self.readers.close(reason)

    def sweep(self) -> None:
        """Have documents deleted when they expire."""
        self.sweeper.start(self.writer)

    @property
    def failed(self) -> bool:
        """Whether a fault of our own has ended a thread."""
        return self.writer.failed or self.sweeper.failed

    def put_many(self, entries: Sequence[Entry]) -> Write[int]:
        """Write documents in one transaction, each instead of the one that has its id; the last of equal ids stays.

        Of one that has expired by then nothing stays.
        """

        def work(connection: apsw.Connection, changes: Changes) -> int:
            last = {entry.content.id: entry for entry in entries}
            self._remove_ids(connection, list(last), changes)
            self.insert(connection, list(last.values()), changes)
            return len(last)

        return self.writer.submit(work, len(entries))

    def insert(self, connection: apsw.Connection, entries: Sequence[Entry], changes: Changes) -> None:
        """Write documents under new keys, in the writer's thread; those that have expired are left out."""
        for expires_ms in (entry.content.expires_ms for entry in entries):
            if expires_ms is not None:
                self.writer.expect_expiry(expires_ms)
        now_ms = self.clock.now_ms()
        lasting = (entry for entry in entries if entry.content.expires_ms is None or entry.content.expires_ms > now_ms)
        keyed = [(self.take_keys(len(entry.passages)), entry) for entry in lasting]
        rows.insert(connection, keyed, self.variant)
        rows.mark_stale(connection, (key for key, entry in keyed if entry.passages.cutting not in (None, self.cutting)))
        changes.added += [(key, entry.passages.rows) for key, entry in keyed]

    def take_keys(self, count: int) -> int:
        """Return the last of so many new keys, in the writer's thread."""
        self._highest += count
        return self._highest

    def patch(self, id_: str, patch: dict[str, Any]) -> Future[Document | None]:
        """Merge metadata into a document's; null removes a field. None where there is no such document.

        Raises:
            DocumentError: what is to be merged exceeds by itself what metadata may have.
        """
        check_value(patch, 1, Room())

        def work(connection: apsw.Connection, changes: Changes) -> Document | None:
            found = rows.find(connection, id_)
            if found is None or found.has_expired(self.clock.now_ms()):
                return None
            changes.replaced = True
            merged = msgspec.json.decode(found.metadata) | patch
            metadata = {field: value for field, value in merged.items() if field not in patch or value is not None}
            encoded = encode_metadata(metadata)
            connection.execute(
                "UPDATE docs SET metadata = ?, crc = ? WHERE key = ?",
                (encoded, checksum(found.key, found.id, found.text, encoded, found.expires_ms), found.key),
            )
            connection.execute("DELETE FROM attr WHERE key = ?", (found.key,))
            rows.insert_attributes(connection, ((found.key, *row) for row in attributes_of(metadata)))
            return Document(found.id, found.text, metadata, expires_ms=found.expires_ms)

        return self.writer.submit(work)

    def delete_many(self, ids: Sequence[str]) -> Future[int]:
        """Remove documents in one transaction; the future says how many there were."""

        def work(connection: apsw.Connection, changes: Changes) -> int:
            return self._remove_ids(connection, ids, changes)

        return self.writer.submit(work, len(ids))

    def delete_matching(self, condition: Condition) -> Deletion:
        """Return the deletion of the documents that match, of which nothing is done yet."""
        return Deletion(self.readers, self.writer, self.clock, condition)

    def _remove_ids(self, connection: apsw.Connection, ids: Sequence[str], changes: Changes) -> int:
        """Remove the documents of these ids, and return how many there were that had not expired."""
        keys = sorted(set(rows.keys_of(connection, ids))) if ids else []
        expired = count_expired_of(connection, keys, self.clock.now_ms())
        rows.remove(connection, keys)
        changes.removed += keys
        return len(keys) - expired
