"""A collection: documents with one model's vectors, written durably and searched by vector, by words or by both.

What writes returns a future that is done after the commit. Calls may come from any thread, on which reads run.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from index.binding import Binding
from index.conditions import condition_of, deletion_of
from index.configuration import Configuration
from index.documents.document import Document, Entry, entry_of
from index.documents.facets import Facet
from index.documents.ids import check_id, encode_text
from index.documents.query import Hit, Query, SearchOutcome, check_query
from index.documents.settings import Settings, SettingsChange
from index.documents.vector import Model
from index.errors import IndexRoomError
from index.examination import examine_all
from index.filters.tree import both
from index.projection.projections import Projections
from index.room import Room
from index.search.searcher import Searcher
from index.stats import CollectionStats, stats_of
from index.store.clock import Clock
from index.store.deletion import Deletion
from index.store.disk import Disk
from index.store.followers import Followers
from index.store.group import Write
from index.store.health import Health
from index.store.layout import DATABASE_FILE
from index.store.reads import NOTHING, Include
from index.store.reindex import Reindex
from index.store.shared import Shared
from index.store.store import Store
from index.store.unchanged import Stored
from index.view.memory import Memory
from index.words.words import Words


class Collection:
    """Open from construction until close. `folder` None keeps everything in memory, `model` is what embeds now."""

    def __init__(self, name: str, folder: Path | None, model: Model, disk: Disk, clock: Clock, shared: Shared) -> None:
        self.name, self.model = name, model
        self.memory, self.words = Memory(model.ndim), Words()
        self.projections = Projections(self.memory.vectors)
        self._configuration = Configuration()
        disk.reach("before_open")
        followers = Followers(self.projections, self._configuration, self.memory, self.words)
        self.store = Store(folder and folder / DATABASE_FILE, model.variant, followers, disk, clock, shared)
        self._reindex: Reindex | None = None
        self._lock = threading.Lock()
        try:
            self.projections.attach(self.store)
            self._configuration.attach(self.store)
            self.memory.attach(self.store, folder)
            self.room = Room(self.store, self.memory)
            self._binding = Binding(name, self.store, model)
            self.words.open(self.store, folder, self.settings.language)
            self._searcher = Searcher(self.store.readers, self.memory, self.words, shared.aside)
            if not self.foreign:
                self.memory.load()
            self.store.sweep()
        except BaseException:  # whatever it was, nothing else closes what is open already
            self.discard()
            raise

    @property
    def fingerprint(self) -> str:
        """That of the model whose vectors are stored."""
        return self._binding.fingerprint

    @property
    def foreign(self) -> bool:
        """Whether the vectors are another model's."""
        return self._binding.foreign

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._configuration.settings

    def configure(self, change: SettingsChange) -> Future[Settings]:
        """Change settings; the future's result are those in force. Raises CollectionSettingsError.

        Another language begins the index of words anew: searches by words wait until most of it is there.
        """
        return self._configuration.change(change)

    def put(self, document: Document | Entry) -> Write[int]:
        """Write a document with its vector in the place of the one that has its id. An entry is not checked again."""
        return self.put_many([document])

    def put_many(self, documents: Sequence[Document | Entry]) -> Write[int]:
        """Write documents in one transaction: all or none, of equal ids the last. The future says how many."""
        self.check_writable()
        return self.store.put_many([entry_of(document, self.model.ndim) for document in documents])

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

    def delete_matching(self, filter_: dict[str, Any]) -> Deletion:
        """Return the deletion of the documents that match a filter; its `result` does it, and says how many there were.

        Raises:
            FilterError: it is no filter, or holds for every document by its form, as an empty one does.
        """
        return self.store.delete_matching(deletion_of(filter_))

    def get(self, id_: str, include: Include = NOTHING) -> Document | None:
        return self.store.reads.get(check_id(id_), include)

    def unchanged(self, texts: Mapping[str, str]) -> dict[str, Stored]:
        """Return what this variant computed of texts that are there already, of whichever id, and nobody gave."""
        return self.store.reads.unchanged(texts)

    def list_after(
        self,
        id_: str = "",
        limit: int = 100,
        include: Include = NOTHING,
        max_bytes: int | None = None,
        filter_: dict[str, Any] | None = None,
    ) -> list[Document]:
        """Return the documents whose ids follow this one and that match, in the order of the ids' bytes.

        The page ends before their texts and metadata, and the vectors that are read for what is included, take more
        than `max_bytes` together, but has at least one: only an empty page says that there are no more.
        """
        encode_text("id", id_)
        return self.store.reads.list_after(id_, limit, include, max_bytes, condition_of(filter_))

    def documents(self, include: Include = NOTHING) -> Iterator[Document]:
        """Yield all documents in the order of their ids; what changes meanwhile may or may not be among them."""
        return self.store.reads.documents(include)

    def count(self, filter_: dict[str, Any] | None = None) -> int:
        """Return how many documents match. Raises FilterError."""
        return self.store.reads.count(condition_of(filter_))

    def facets(self, fields: Sequence[str], filter_: dict[str, Any] | None = None, limit: int = 20) -> dict[str, Facet]:
        """Return the `limit` most frequent values of each field among the documents that match. Raises FilterError."""
        return self.store.reads.facets(fields, condition_of(filter_), limit)

    def count_by_variant(self) -> dict[str, int]:
        """Return how many vectors each variant of the model computed, and callers gave, which reads all of them."""
        return self.store.reads.count_by_variant()

    def search(self, query: Query) -> list[Hit]:
        """Return the best documents, best first. Raises CallerErrors, and FingerprintError but in mode text."""
        return self.outcome(query).hits

    def outcome(self, query: Query) -> SearchOutcome:
        """Do the same, and say what was left out."""
        if query.mode != "text":
            self.check_searchable()
        query = check_query(query, self.model.ndim)
        return self._searcher.search(query, both(condition_of(query.filter), self.store.reads.lasting()))

    def reindex(self) -> Reindex:
        """Begin or resume computing again what is not of the present model, variant and settings."""
        with self._lock:
            if self._reindex is None:
                self._reindex = Reindex(self.store, self.model, self._exchanged)
            return self._reindex

    def _exchanged(self) -> None:
        self._binding.exchanged()
        self._reindex = None

    def stats(self) -> CollectionStats:
        """Return the collection's state, from counters alone. Never waits."""
        parts = self.store, self.memory, self.words, self.projections
        return stats_of(self.name, self._binding, self.settings, parts, self._reindex)

    def check_writable(self) -> None:
        """Raise FingerprintError where documents with the present model's vectors cannot be put."""
        self._binding.check("written")

    def check_searchable(self) -> None:
        """Raise FingerprintError where the present model's vectors find nothing."""
        self._binding.check("searched by vector")

    @property
    def well(self) -> bool:
        """Whether no thread has ended by a fault of our own; closing is none."""
        return not (self.store.failed or self.memory.failed or self.words.failed)

    def health(self) -> Health:
        """Check the database, and what is in memory and the words against it, which reads all of it."""
        return examine_all(self.store, self.words, None if self.foreign else self.memory)

    def wait_until_viewed(self, timeout_s: float | None = None) -> bool:
        """Wait until the graph has every row, and say whether it has."""
        return self.memory.indexer is None or self.memory.indexer.wait(timeout_s)

    @property
    def judged(self) -> bool:
        """Whether it is known how much searches through the graph find; `stats` says how much."""
        return self.memory.indexer is None or self.memory.indexer.watch.judged

    @property
    def words_ready(self) -> bool:
        """Whether searches by words begin at once; else the index of words is built, and they wait for most of it."""
        return self.words.ready

    def wait_for_words(self, timeout_s: float | None = None) -> bool:
        """Wait until the index of words has every document, and say whether it has. Searches need not wait."""
        return self.words.keeper.wait(timeout_s)

    def snapshot(self) -> None:
        """Have a snapshot written soon."""
        if self.memory.indexer is not None:
            self.memory.indexer.checkpoint()

    def pause(self) -> None:
        """Leave the files beside the database alone; reading and writing continue."""
        self.memory.pause()
        self.words.pause()

    def resume(self) -> None:
        """Go on after `pause`."""
        self.memory.resume()
        self.words.resume()

    def discard(self, reason: IndexRoomError | None = None) -> None:
        """Stop without leaving a snapshot, since the files are deleted or moved; who comes later gets the reason."""
        self.memory.pause()
        self.words.close(reason)
        self.store.close(reason)

    def close(self) -> None:
        """Stop in order: a snapshot may be left, what was submitted is done, the connections are closed."""
        self.memory.close()
        self.words.close()
        self.store.close()
