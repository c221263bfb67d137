"""Exchanges all vectors of a collection: texts go out, another model's vectors come in, at the end all change at once.

New vectors are gathered in a table of their own, so it can be cut off and gone on with at any time. Until the end the
collection is what it was.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future

import apsw
import msgspec

from index import rows
from index.documents import Row, check_vector
from index.snapshots import forget
from index.store import Store
from index.writer import Changes

EXCHANGE = """
DROP TABLE vectors;
ALTER TABLE fresh RENAME TO vectors;
CREATE TABLE fresh (key INTEGER PRIMARY KEY, vector BLOB NOT NULL, crc INTEGER NOT NULL);
"""
MISSING = "FROM docs WHERE NOT EXISTS (SELECT 1 FROM fresh WHERE fresh.key = docs.key)"


class Progress(msgspec.Struct, frozen=True):
    """How many documents there are, and how many have their new vector."""

    documents: int
    done: int


class Reindex:
    """One exchange under way: texts, put, texts, put ... until there are no texts left, then finish."""

    def __init__(self, store: Store, fingerprint: str, ndim: int, finished: Callable[[], None]) -> None:
        self._store = store
        self._fingerprint = fingerprint
        self._ndim = ndim
        self._finished = finished
        store.writer.submit(self._begin, 0).result()

    def _begin(self, connection: apsw.Connection, _: Changes) -> None:
        if rows.read_meta(connection).get("reindexing") != self._fingerprint:
            connection.execute("DELETE FROM fresh")
            rows.write_meta(connection, reindexing=self._fingerprint)

    def progress(self) -> Progress:
        """Return how far it is."""
        with self._store.readers.reading() as connection:
            documents = rows.count(connection)
            return Progress(documents, documents - int(rows.single(connection, f"SELECT count(*) {MISSING}")))

    def texts(self, limit: int) -> list[tuple[int, str]]:
        """Return (key, text) of documents that have no new vector yet; none when all have."""
        with self._store.readers.reading() as connection:
            found = rows.select(connection, f"SELECT key, text {MISSING} ORDER BY key LIMIT ?", limit)
            return [(key, text) for key, text in found]

    def put(self, vectors: Mapping[int, Row]) -> Future[None]:
        """Write new vectors by key; those of documents deleted meanwhile are dropped at the end."""
        checked = {key: check_vector(vector, self._ndim) for key, vector in vectors.items()}

        def work(connection: apsw.Connection, _: Changes) -> None:
            for key, vector in checked.items():
                rows.insert_vector(connection, "fresh", key, vector)

        return self._store.writer.submit(work, len(checked))

    def finish(self) -> bool:
        """Exchange the vectors in one transaction; False, and nothing done, where some have none yet."""

        def work(connection: apsw.Connection, changes: Changes) -> bool:
            if rows.single(connection, f"SELECT count(*) {MISSING}"):
                return False
            connection.execute("DELETE FROM fresh WHERE key NOT IN (SELECT key FROM docs)")
            connection.execute(EXCHANGE)
            connection.execute("DELETE FROM meta WHERE name = 'reindexing'")
            rows.write_meta(connection, fingerprint=self._fingerprint, ndim=self._ndim)
            forget(connection, changes)
            changes.exchanged = True
            return True

        exchanged = self._store.writer.submit(work, 0).result()
        if exchanged:
            self._finished()
        return exchanged
