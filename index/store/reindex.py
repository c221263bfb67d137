# ruff: noqa: S608 - SQL is made here, of pieces of this file alone
"""Exchanges all vectors of a collection: texts go out, new vectors come in, and at the end all change at once.

New vectors are gathered in a table of their own, so that the work can be interrupted and resumed at any time. Until the
end the collection is as it was. Of the same model's vectors, only those that another variant computed are exchanged;
documents written meanwhile have vectors of the present variant already.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future

import apsw
import msgspec

from index.documents.vector import Model, Vector, check_vector
from index.store import rows
from index.store.group import Changes
from index.store.meta import forget_snapshots, read_meta, write_meta
from index.store.queries import select, single
from index.store.store import Store
from index.store.vector_rows import insert_fresh

EXCHANGE = """
DROP TABLE vectors;
ALTER TABLE fresh RENAME TO vectors;
CREATE TABLE fresh (key INTEGER PRIMARY KEY, variant INTEGER NOT NULL, vector BLOB NOT NULL, crc INTEGER NOT NULL);
"""
LACKING = "FROM docs WHERE NOT EXISTS (SELECT 1 FROM fresh WHERE fresh.key = docs.key)"
PRESENT = "vectors.variant = (SELECT number FROM variants WHERE name = ?)"


class Progress(msgspec.Struct, frozen=True):
    """How many documents there are, and how many have their new vector."""

    documents: int
    done: int


class Reindex:
    """One exchange under way: texts, put, texts, put ... until there are no texts left, then finish.

    `lacking` is about how many documents have no new vector yet: deleted ones may be counted.
    """

    def __init__(self, store: Store, model: Model, finished: Callable[[], None]) -> None:
        self._store = store
        self._model = model
        self._finished = finished
        self._last = 0
        self._lock = threading.Lock()
        self.lacking = 0
        store.writer.submit(self._begin, 0).result()

    def _begin(self, connection: apsw.Connection, _: Changes) -> None:
        reindexing = f"{self._model.fingerprint}/{self._model.variant}"
        if read_meta(connection).get("reindexing") != reindexing:
            connection.execute("DELETE FROM fresh")
            write_meta(connection, reindexing=reindexing)
        self.lacking = self._count(connection)

    def _of_same_model(self, connection: apsw.Connection) -> bool:
        return read_meta(connection).get("fingerprint") == self._model.fingerprint

    def _without(self, connection: apsw.Connection) -> tuple[str, tuple[str, ...]]:
        """Return the rest of a query for the documents that have no new vector, and its values."""
        if not self._of_same_model(connection):
            return LACKING, ()
        present = f"SELECT 1 FROM vectors WHERE vectors.key = docs.key AND {PRESENT}"
        return f"{LACKING} AND NOT EXISTS ({present})", (self._model.variant,)

    def _count(self, connection: apsw.Connection) -> int:
        without, values = self._without(connection)
        return int(single(connection, f"SELECT count(*) {without}", *values))

    def progress(self) -> Progress:
        """Return how far the exchange is, counted in the database."""
        with self._store.readers.reading() as connection:
            documents = rows.count(connection)
            self.lacking = self._count(connection)
            return Progress(documents, documents - self.lacking)

    def texts(self, limit: int) -> list[tuple[int, str]]:
        """Return (key, text) of the next documents that have no new vector yet, from the first again after the last.

        None are returned when all have one.
        """
        with self._lock, self._store.readers.reading() as connection:
            without, values = self._without(connection)
            query = f"SELECT key, text {without} AND docs.key > ? ORDER BY docs.key LIMIT ?"
            found = select(connection, query, *values, self._last, limit)
            if not found and self._last:
                found = select(connection, query, *values, 0, limit)
            self._last = found[-1][0] if found else 0
        return [(key, text) for key, text in found]

    def put(self, vectors: Mapping[int, Vector]) -> Future[None]:
        """Write new vectors by key; those of documents deleted meanwhile are dropped."""
        checked = {key: check_vector(vector, self._model.ndim) for key, vector in vectors.items()}

        def work(connection: apsw.Connection, _: Changes) -> None:
            new = sum(insert_fresh(connection, *item, self._store.variant) for item in checked.items())
            self.lacking = max(0, self.lacking - new)

        return self._store.writer.submit(work, len(checked))

    def finish(self) -> bool:
        """Exchange the vectors in one transaction; False, and nothing done, where some have none yet."""

        def work(connection: apsw.Connection, changes: Changes) -> bool:
            if self._count(connection):
                return False
            connection.execute("DELETE FROM meta WHERE name = 'reindexing'")
            if self._of_same_model(connection):
                if not select(connection, "SELECT 1 FROM fresh LIMIT 1"):
                    return True  # all are of this variant as they are
                kept = f"SELECT * FROM vectors WHERE {PRESENT}"
                connection.execute(f"INSERT OR IGNORE INTO fresh {kept}", (self._model.variant,))
            connection.execute(EXCHANGE)
            write_meta(connection, fingerprint=self._model.fingerprint, ndim=self._model.ndim)
            forget_snapshots(connection)
            changes.exchanged = True
            return True

        exchanged = self._store.writer.submit(work, 0).result()
        if exchanged:
            self._finished()
        return exchanged
