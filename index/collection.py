"""A collection: documents of one model's vectors, written durably and searched three ways.

Everything that writes returns a future, done after the commit. Calls may come from any thread; searches and look-ups
run on the caller's.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from index import rows
from index.documents import Document, Hit, Query, check_id, check_query, checked, entry_of
from index.errors import FilterError, FingerprintError
from index.filters import parse_filter
from index.health import Health, examine, examine_view
from index.hits import hits, hybrid_hits
from index.hybrid import ARM_ROWS
from index.memory import Memory
from index.planner import Planner
from index.reindex import Reindex, Target
from index.stats import CollectionStats, stats_of
from index.store import Store
from index.text import search_text

DATABASE_FILE = "documents.sqlite"


class Collection:
    """Open from construction until close. `folder` None keeps everything in memory, `binding` is what vectors are."""

    def __init__(self, name: str, folder: Path | None, binding: Target, at: Callable[[str], None]) -> None:
        self.name = name
        self.binding = binding
        self.memory = Memory(binding.ndim)
        self._path = None if folder is None else folder / DATABASE_FILE
        self.store = Store(self._path, binding.variant, self.memory, at)
        self._reindex: Reindex | None = None
        self._lock = threading.Lock()
        try:
            self.memory.attach(self.store, folder, at)
            self._fingerprint = self._bind()
            self._planner = Planner(self.store.readers, self.memory.vectors)
            if not self.foreign:
                self.memory.load()
        except BaseException:  # whatever it was, nobody will close what is open already
            self.store.close()
            raise

    def _bind(self) -> str:
        """Return the fingerprint of the vectors that are there; an empty collection takes the binding's."""
        if "fingerprint" in self.store.meta and self.store.writer.documents:
            return str(self.store.meta["fingerprint"])
        bound = self.binding
        self.store.writer.submit(
            lambda connection, _: rows.write_meta(connection, fingerprint=bound.fingerprint, ndim=bound.ndim), 0
        ).result()
        return self.binding.fingerprint

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the model whose vectors are stored."""
        return self._fingerprint

    @property
    def foreign(self) -> bool:
        """Say whether the vectors are another model's."""
        return self._fingerprint != self.binding.fingerprint

    def put(self, document: Document) -> Future[int]:
        """Write a document with its vector, instead of the one that has its id."""
        return self.put_many([document])

    def put_many(self, documents: Sequence[Document]) -> Future[int]:
        """Write documents in one transaction: all or none. The future says how many."""
        self.check_writable()
        return self.store.put_many([entry_of(document, self.binding.ndim) for document in documents])

    def patch(self, id_: str, metadata: dict[str, Any]) -> Future[Document | None]:
        """Merge metadata into a document's, null removes a field; the future's result is None if there is none."""
        self.check_writable()
        return self.store.patch(check_id(id_), metadata)

    def delete(self, id_: str) -> Future[int]:
        """Remove a document; the future says 1, or 0 where there was none."""
        return self.delete_many([id_])

    def delete_many(self, ids: Sequence[str]) -> Future[int]:
        """Remove documents in one transaction; the future says how many there were."""
        return self.store.delete_many([check_id(id_) for id_ in ids])

    def delete_matching(self, filter_: dict[str, Any]) -> Future[int]:
        """Remove the documents that match a filter, which is not empty; the future says how many there were."""
        if not filter_:
            raise FilterError("an empty filter would delete every document; dropping the collection does that")
        return self.store.delete_matching(parse_filter(filter_))

    def get(self, id_: str, include_vector: bool = False) -> Document | None:
        """Return a document."""
        return self.store.get(check_id(id_), include_vector)

    def list_after(
        self, id_: str = "", limit: int = 100, include_vector: bool = False, max_bytes: int | None = None
    ) -> list[Document]:
        """Return the documents whose ids follow this one, in the order of the ids' bytes.

        The page ends before their texts and metadata pass `max_bytes` together, but has one at least: only an empty
        page says that there are no more.
        """
        checked("id", id_)
        return self.store.list_after(id_, limit, include_vector, max_bytes)

    def documents(self, include_vector: bool = False) -> Iterator[Document]:
        """Yield all documents in the order of their ids; what changes meanwhile may or may not be among them."""
        return self.store.documents(include_vector)

    def count(self) -> int:
        """Return the number of documents."""
        return self.store.count()

    def count_by_variant(self) -> dict[str, int]:
        """Return how many vectors each variant of the model computed, which reads all of them."""
        return self.store.count_by_variant()

    def search(self, query: Query) -> list[Hit]:
        """Return the best documents, best first. Raises CallerErrors, and FingerprintError but in mode text."""
        if query.mode != "text":
            self.check_searchable()
        query = check_query(query, self.binding.ndim)
        condition = parse_filter(query.filter) if query.filter else None
        if query.mode == "text":
            with self.store.readers.reading() as connection:
                assert query.text is not None
                return hits(connection, search_text(connection, query.text, condition, query.top_k), query)
        assert query.vector is not None
        if query.mode == "vector":
            return self._planner.search(
                query.vector, condition, query.top_k, lambda connection, ranking: hits(connection, ranking, query)
            )
        return self._planner.search(
            query.vector,
            condition,
            max(ARM_ROWS, query.top_k),
            lambda connection, ranking: hybrid_hits(connection, ranking, condition, query),
        )

    def reindex(self) -> Reindex:
        """Begin, or go on, to exchange all vectors for those of the model and the variant that are bound now."""
        with self._lock:
            if self._reindex is None:
                self._reindex = Reindex(self.store, self.binding, self._exchanged)
            return self._reindex

    def _exchanged(self) -> None:
        self._fingerprint, self._reindex = self.binding.fingerprint, None

    def stats(self) -> CollectionStats:
        """Return what the collection is; from counters alone, so it may be asked at any time."""
        return stats_of(self.name, self.fingerprint, self.foreign, self.store, self.memory, self._reindex)

    def check_writable(self) -> None:
        """Raise FingerprintError where documents with vectors of the bound model cannot be put."""
        self._refuse_foreign("written")

    def check_searchable(self) -> None:
        """Raise FingerprintError where vectors of the bound model find nothing."""
        self._refuse_foreign("searched by vector")

    @property
    def well(self) -> bool:
        """Say whether no thread of it has died of a fault; being closed is none."""
        indexer = self.memory.indexer
        return not (self.store.writer.failed or (indexer is not None and indexer.failed))

    def health(self) -> Health:
        """Check everything against everything, which reads the whole database."""
        with self.store.readers.reading() as connection:
            ndim = rows.stored_ndim(connection)
        health = examine(self.store.database, ndim)
        return health if self.foreign else examine_view(health, self.store.readers, self.memory.vectors)

    def wait_until_viewed(self, timeout_s: float | None = None) -> bool:
        """Wait until the view has every row; return whether it has."""
        return self.memory.indexer is None or self.memory.indexer.wait(timeout_s)

    def snapshot(self) -> None:
        """Have a snapshot of the view written soon."""
        if self.memory.indexer is not None:
            self.memory.indexer.checkpoint()

    def rest(self) -> None:
        """Leave the files beside the database alone; everything else goes on."""
        self.memory.rest()

    def resume(self) -> None:
        """Go on after `rest`."""
        self.memory.resume()

    def discard(self) -> None:
        """Stop without leaving a snapshot: whatever it has is deleted."""
        self.memory.rest()
        self.store.close()

    def close(self) -> None:
        """Stop in order: what was submitted is done, a snapshot may be left, the connections are closed."""
        self.memory.close()
        self.store.close()

    def _refuse_foreign(self, what: str) -> None:
        if self.foreign:
            raise FingerprintError(
                f"the collection {self.name!r} holds vectors of another model ({self._fingerprint}; this one is "
                f"{self.binding.fingerprint}) and cannot be {what}; `python -m index reindex` mends it"
            )
