# ruff: noqa: S608 - SQL is made here, of pieces of this file alone
"""Computes vectors of a collection again: texts go out, cut and embedded they come in.

Of the present model's documents, those whose vectors another variant computed or that other settings cut are written
again one by one, while searches go on. Where all vectors are another model's, the new ones are gathered in tables of
their own, and at the end all change at once; until then the collection is as it was. Either can be interrupted and
resumed at any time; documents written meanwhile have all that is wanted already. Vectors that callers gave for texts
are left alone by the same model, and computed by another.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import apsw
import msgspec

from index.documents.document import Entry
from index.documents.passages import Passages, check_passages
from index.documents.vector import Model
from index.store import rows
from index.store.exchange import exchange_all, gather
from index.store.group import Changes
from index.store.meta import read_meta, stored_ndim, write_meta
from index.store.passage_rows import fetch_passages
from index.store.queries import array_of, select, single
from index.store.store import Store
from index.store.vector_rows import GIVEN, forget_variants

LACKING = (
    "FROM docs WHERE NOT EXISTS (SELECT 1 FROM fresh WHERE fresh.key = docs.key) "
    "AND NOT EXISTS (SELECT 1 FROM fresh_passages WHERE fresh_passages.doc = docs.key)"
)
PRESENT = "vectors.variant = (SELECT number FROM variants WHERE name = ?)"
KEPT = f"vectors.variant IN (SELECT number FROM variants WHERE name IN (?, '{GIVEN}'))"
OUTDATED = (
    "FROM docs WHERE (docs.key IN (SELECT doc FROM stale) "
    f"OR NOT EXISTS (SELECT 1 FROM vectors WHERE vectors.key = docs.key AND {KEPT}))"
)


class Progress(msgspec.Struct, frozen=True):
    """How many documents there are, and how many have their new vectors."""

    documents: int
    done: int


class Lacking(msgspec.Struct, frozen=True, eq=False):
    """A document to be computed; `passages` are there where the present variant computed those that it has."""

    key: int
    text: str
    passages: Passages | None = None


class Reindex:
    """One under way: texts, put, texts, put ... until there are no texts left, then finish.

    `lacking` is about how many documents are not done yet: deleted ones may be counted.
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
        reindexing = f"{self._model.fingerprint}/{self._model.variant}/{self._store.cutting}"
        if read_meta(connection).get("reindexing") != reindexing:
            connection.execute("DELETE FROM fresh; DELETE FROM fresh_passages")
            write_meta(connection, reindexing=reindexing)
        self.lacking = self._count(connection)

    def _of_same_model(self, connection: apsw.Connection) -> bool:
        return read_meta(connection).get("fingerprint") == self._model.fingerprint

    def _without(self, connection: apsw.Connection) -> tuple[str, tuple[str, ...]]:
        """Return the rest of a query for the documents that are not done, and its values."""
        return (OUTDATED, (self._model.variant,)) if self._of_same_model(connection) else (LACKING, ())

    def _count(self, connection: apsw.Connection) -> int:
        without, values = self._without(connection)
        return int(single(connection, f"SELECT count(*) {without}", *values))

    def progress(self) -> Progress:
        """Return how far it is, counted in the database."""
        with self._store.readers.reading() as connection:
            documents = rows.count(connection)
            self.lacking = self._count(connection)
            return Progress(documents, documents - self.lacking)

    def texts(self, limit: int) -> list[Lacking]:
        """Return the next documents that are not done, from the first again after the last; none when all are."""
        with self._lock, self._store.readers.reading() as connection:
            without, values = self._without(connection)
            query = f"SELECT key, text {without} AND docs.key > ? ORDER BY docs.key LIMIT ?"
            found = select(connection, query, *values, self._last, limit)
            if not found and self._last:
                found = select(connection, query, *values, 0, limit)
            self._last = found[-1][0] if found else 0
            same = self._of_same_model(connection)
            known = self._known(connection, [int(key) for key, _ in found]) if same else {}
        return [Lacking(int(key), text, known.get(int(key))) for key, text in found]

    def _known(self, connection: apsw.Connection, keys: list[int]) -> dict[int, Passages]:
        """Return the passages of those of the present model's documents that the present variant computed."""
        query = f"SELECT key FROM carray(?) AS wanted CROSS JOIN vectors ON key = wanted.value WHERE {PRESENT}"
        found = connection.execute(query, (array_of(keys), self._model.variant)) if keys else ()
        present: list[Any] = [key for (key,) in found]
        return fetch_passages(connection, present, stored_ndim(connection))

    def put(self, computed: Mapping[int, Passages]) -> Future[None]:
        """Write the passages of documents by key; those of documents deleted meanwhile, or cut otherwise, are dropped.

        Passages that `texts` gave and that are to stay are put with the number of the settings that cut them so too.
        """

        def work(connection: apsw.Connection, changes: Changes) -> None:
            same = self._of_same_model(connection)
            done = sum(self._put(connection, changes, same, *item) for item in computed.items())
            self.lacking = max(0, self.lacking - done)

        return self._store.writer.submit(work, sum(map(len, computed.values())))

    def _put(self, connection: apsw.Connection, changes: Changes, same: bool, key: int, given: Passages) -> bool:
        found = next(rows.fetch(connection, [key]), None)
        if found is None or given.cutting not in (None, self._store.cutting):
            return False
        passages = check_passages(given, found.text, self._model.ndim)
        if not same:
            gather(connection, self._store, key, passages)
            return True
        before = self._known(connection, [key]).get(key)
        if before is not None and before.spans == passages.spans and (before.rows == passages.rows).all():
            connection.execute("DELETE FROM stale WHERE doc = ?", (key,))
            return True
        rows.remove(connection, [key])
        changes.removed.append(key)
        self._store.insert(connection, [Entry(found.content(), passages)], changes)
        return True

    def finish(self) -> bool:
        """Have all documents changed; False, and nothing done, where some are not done yet."""

        def work(connection: apsw.Connection, changes: Changes) -> bool:
            if self._count(connection):
                return False
            connection.execute("DELETE FROM meta WHERE name = 'reindexing'")
            if not self._of_same_model(connection):
                exchange_all(connection, changes)
                write_meta(connection, fingerprint=self._model.fingerprint, ndim=self._model.ndim)
            forget_variants(connection, self._store.variant)
            return True

        finished = self._store.writer.submit(work, 0).result()
        if finished:
            self._finished()
        return finished
