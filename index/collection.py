"""A collection: documents of one model's vectors, written durably and searched three ways.

Everything that writes returns a future, done after the commit. Calls may come from any thread; searches and look-ups
run on the caller's.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Literal

import apsw
import msgspec

from index import rows
from index.documents import DEFAULT_THRESHOLD, Document, Hit, Query, check_id, check_query, checked, entry_of
from index.errors import FingerprintError
from index.filters import Condition, parse_filter
from index.health import Health, examine, examine_view
from index.hybrid import ARM_ROWS, fuse
from index.memory import Memory
from index.planner import Planner, Ranking
from index.reindex import Reindex
from index.store import Store
from index.text import search_text

DATABASE_FILE = "documents.sqlite"

State = Literal["ready", "indexing", "foreign", "failed"]


class Binding(msgspec.Struct, frozen=True):
    """The model whose vectors come in: its fingerprint, and how many numbers a vector has."""

    fingerprint: str
    ndim: int


class CollectionStats(msgspec.Struct, frozen=True):
    """What a collection is. `state`: indexing while the view lacks rows, foreign with another model's vectors."""

    name: str
    documents: int
    fingerprint: str
    state: State
    viewed: int
    tombstones: int
    rebuilds: int
    view_bytes: int
    database_bytes: int
    commits: int
    snapshot_failure: str | None
    rejected_snapshots: tuple[str, ...]


class Collection:
    """Open from construction until close. `folder` None keeps everything in memory."""

    def __init__(self, name: str, folder: Path | None, binding: Binding, at: Callable[[str], None]) -> None:
        self.name = name
        self.binding = binding
        self.memory = Memory(binding.ndim)
        self._path = None if folder is None else folder / DATABASE_FILE
        self.store = Store(self._path, self.memory, at)
        self.memory.attach(self.store, folder, at)
        try:
            self._fingerprint = self._bind()
            self._planner = Planner(self.store.readers, self.memory.vectors)
            if not self.foreign:
                self.memory.load()
        except BaseException:  # whatever it was, nobody will close what is open already
            self.store.close()
            raise

    def _bind(self) -> str:
        """Return the fingerprint of the vectors that are there; an empty collection takes the binding's."""
        if "fingerprint" in self.store.meta and self.store.count():
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
        self._refuse_foreign("written")
        return self.store.put_many([entry_of(document, self.binding.ndim) for document in documents])

    def patch(self, id_: str, metadata: dict[str, Any]) -> Future[Document | None]:
        """Merge metadata into a document's, null removes a field; the future's result is None if there is none."""
        self._refuse_foreign("written")
        return self.store.patch(check_id(id_), metadata)

    def delete(self, id_: str) -> Future[int]:
        """Remove a document; the future says 1, or 0 where there was none."""
        return self.delete_many([id_])

    def delete_many(self, ids: Sequence[str]) -> Future[int]:
        """Remove documents in one transaction; the future says how many there were."""
        return self.store.delete_many([check_id(id_) for id_ in ids])

    def delete_matching(self, filter_: dict[str, Any]) -> Future[int]:
        """Remove the documents that match a filter; the future says how many there were."""
        return self.store.delete_matching(parse_filter(filter_))

    def get(self, id_: str, include_vector: bool = False) -> Document | None:
        """Return a document."""
        return self.store.get(check_id(id_), self._ndim if include_vector else None)

    def list_after(self, id_: str = "", limit: int = 100, include_vector: bool = False) -> list[Document]:
        """Return the documents whose ids follow this one, in the order of the ids' bytes."""
        checked("id", id_)
        return self.store.list_after(id_, limit, self._ndim if include_vector else None)

    def documents(self, include_vector: bool = False) -> Iterator[Document]:
        """Yield all documents in the order of their ids; what changes meanwhile may or may not be among them."""
        return self.store.documents(self._ndim if include_vector else None)

    def count(self) -> int:
        """Return the number of documents."""
        return self.store.count()

    def search(self, query: Query) -> list[Hit]:
        """Return the best documents, best first. Raises CallerErrors, and FingerprintError but in mode text."""
        if query.mode != "text":
            self._refuse_foreign("searched by vector")
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
        """Begin, or go on, to exchange all vectors for those of the model that is bound now."""
        return Reindex(self.store, self.binding.fingerprint, self.binding.ndim, self._exchanged)

    def _exchanged(self) -> None:
        self._fingerprint = self.binding.fingerprint

    def stats(self) -> CollectionStats:
        """Return what the collection is."""
        indexer, snapshots = self.memory.indexer, self.memory.snapshots
        pending, (_, view) = self.memory.vectors.pending(), self.memory.vectors.capture()
        with self.store.readers.reading() as connection:
            documents = rows.count(connection)
            pages = rows.single(connection, "SELECT page_count FROM pragma_page_count()")
            page_bytes = rows.single(connection, "SELECT page_size FROM pragma_page_size()")
        failed = not self.store.writer.alive or (indexer is not None and not indexer.alive)
        state: State = "failed" if failed else "foreign" if self.foreign else "indexing" if pending else "ready"
        return CollectionStats(
            name=self.name,
            documents=documents,
            fingerprint=self.fingerprint,
            state=state,
            viewed=len(view),
            tombstones=view.tombstones,
            rebuilds=0 if indexer is None else indexer.rebuilds,
            view_bytes=view.size_bytes,
            database_bytes=pages * page_bytes,
            commits=self.store.writer.commits,
            snapshot_failure=None if indexer is None else indexer.failure,
            rejected_snapshots=() if snapshots is None else tuple(snapshots.rejected),
        )

    def health(self) -> Health:
        """Check everything against everything, which reads the whole database."""
        health = examine(self.store.database, self._ndim)
        return health if self.foreign else examine_view(health, self.store.readers, self.memory.vectors)

    def wait_until_viewed(self, timeout_s: float | None = None) -> bool:
        """Wait until the view has every row; return whether it has."""
        return self.memory.indexer is None or self.memory.indexer.wait(timeout_s)

    def snapshot(self) -> None:
        """Have a snapshot of the view written soon."""
        if self.memory.indexer is not None:
            self.memory.indexer.checkpoint()

    def close(self) -> None:
        """Stop in order: what was submitted is done, a snapshot may be left, the connections are closed."""
        self.memory.close()
        self.store.close()

    @property
    def _ndim(self) -> int:
        return int(self.store.meta.get("ndim", self.binding.ndim)) if self.foreign else self.binding.ndim

    def _refuse_foreign(self, what: str) -> None:
        if self.foreign:
            raise FingerprintError(
                f"the collection {self.name!r} holds vectors of another model ({self._fingerprint}; this one is "
                f"{self.binding.fingerprint}) and cannot be {what}; `python -m index reindex` mends it"
            )


def hits(connection: apsw.Connection, ranking: Ranking, query: Query) -> list[Hit]:
    """Return the documents of a ranking that are good enough, within the transaction that it was made in."""
    threshold = query.threshold
    if threshold is None:
        threshold = DEFAULT_THRESHOLD if query.mode == "vector" else float("-inf")
    best = [(key, score) for key, score in ranking[: query.top_k] if score >= threshold]
    found = rows.fetch(connection, [key for key, _ in best])
    pairs = [(found[key].decode(), score) for key, score in best]
    return [Hit(document.id, document.text, score, document.metadata) for document, score in pairs]


def hybrid_hits(
    connection: apsw.Connection, by_vector: Ranking, condition: Condition | None, query: Query
) -> list[Hit]:
    """Return the documents of both rankings fused."""
    assert query.text is not None
    by_text = search_text(connection, query.text, condition, max(ARM_ROWS, query.top_k))
    return hits(connection, fuse([[key for key, _ in by_vector], [key for key, _ in by_text]]), query)
