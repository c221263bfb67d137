"""Deletes the documents that match a filter, without holding the writer: they are looked for in a reader.

Then they go in batches, of which each is a transaction that looks again: a document is deleted, and counted, if it
matches when its batch is written, or when it was looked for where it did not match any more or was not there yet.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future

import apsw
import numpy as np

from index.filters.selectivity import smallest_cover
from index.filters.tree import Condition, Every, Lasting
from index.store import rows
from index.store.clock import Clock
from index.store.connections import Readers
from index.store.group import Changes
from index.store.listing import COUNTED_ROWS
from index.store.narrowing import leaf_count, matching, matching_among
from index.store.queries import Keys, array_of
from index.store.writer import Writer

# Documents of a batch at most, and conditions that are looked at for all of them: some milliseconds.
BATCH_DOCUMENTS, BATCH_PROBES = 512, 8_192


class Deletion:
    """The deletion of what matches a condition. From any thread; nothing is done before it is asked for."""

    def __init__(self, readers: Readers, writer: Writer, clock: Clock, condition: Condition) -> None:
        self._readers = readers
        self._writer = writer
        self._clock = clock
        self._condition = condition

    def batches(self) -> list[Sequence[str]]:
        """Look for the documents that match now; return their ids in parts for `remove`."""
        condition = self._lasting()
        with self._readers.reading() as connection:
            keys = matching(connection, condition, smallest_cover(connection, condition, COUNTED_ROWS))
            ids = ids_of(connection, keys)
        size = min(BATCH_DOCUMENTS, max(1, BATCH_PROBES // max(1, leaf_count(self._condition))))
        return [ids[start : start + size] for start in range(0, len(ids), size)]

    def remove(self, ids: Sequence[str]) -> Future[int]:
        """Remove those of the documents that match when it is their turn; the future says how many there were."""

        def work(connection: apsw.Connection, changes: Changes) -> int:
            found = np.asarray(rows.keys_of(connection, ids), np.int64)
            keys = matching_among(connection, self._lasting(), found).tolist()
            rows.remove(connection, keys)
            changes.removed += keys
            return len(keys)

        return self._writer.submit(work, len(ids))

    def result(self) -> int:
        """Do all of it, and return how many documents there were. Blocks; what is done when it raises stays so."""
        return sum(future.result() for future in self._each())

    def _each(self) -> Iterator[Future[int]]:
        for batch in self.batches():
            yield self.remove(batch)

    def _lasting(self) -> Condition:
        return Every((self._condition, Lasting(self._clock.now_ms())))


def ids_of(connection: apsw.Connection, keys: Keys) -> list[str]:
    """Return the ids of these documents, in the order of their keys."""
    if not len(keys):
        return []
    query = "SELECT id FROM carray(?) AS wanted CROSS JOIN docs ON docs.key = wanted.value"
    return [id_ for (id_,) in connection.execute(query, (array_of(keys),))]
