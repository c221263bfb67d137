"""What a collection keeps in memory beside its database: the vectors, their graph, and the thread that builds it.

Follows the writer. Each row is that of a passage. Rows come before the commit and go after it: `vectors.py` says why.
"""

import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from index.errors import StorageFullError
from index.store.connections import Readers
from index.store.group import Changes
from index.store.passage_rows import stretches
from index.store.shared import Shared
from index.store.store import Store
from index.view.filling import read_rows
from index.view.graph import Graph, GraphParameters
from index.view.indexer import Indexer
from index.view.loading import Loading
from index.view.sizes import needed_bytes
from index.view.snapshots import Snapshots
from index.view.standing import Standing
from index.view.vectors import Vectors


class Memory:
    """Empty until `load`, which is not called where the database has another model's vectors.

    `claimed_bytes` are needed by rows that are to be committed, beside the `needed_bytes` of those that are. Writers
    were held up for `held_s` until now.
    """

    def __init__(self, ndim: int) -> None:
        self.parameters = GraphParameters(ndim)
        self.vectors = Vectors(ndim, Graph(self.parameters))
        self.standing = Standing()
        self.snapshots: Snapshots | None = None
        self._readers: Readers | None = None
        self._others_wait: Callable[[], bool] = lambda: False
        self.claimed_bytes = 0
        self.held_s = 0.0
        self._shared = Shared()
        self._indexer: Indexer | None = None
        self._lock = threading.Lock()
        self._closed, self._paused = False, False
        self.loading: Loading | None = None  # None until `load`

    def attach(self, store: Store, folder: Path | None) -> None:
        """Take the database to follow, and the folder of the snapshots; None means that there are none."""
        self._readers, self._shared = store.readers, store.shared
        self._others_wait = lambda: store.writer.waiting > 0
        if folder is not None:
            self.snapshots = Snapshots(folder, store.readers, store.writer, store.disk)
            with contextlib.suppress(StorageFullError):  # on a full disk they stay until a start that finds room
                self.snapshots.forget_vectors()
            self.snapshots.remove_strays()

    def load(self) -> None:
        """Read the vectors; a thread loads the newest snapshot that is whole from then on, and adds what it lacks."""
        assert self._readers is not None
        self.vectors.begin(*read_rows(self._readers, self.parameters.ndim, self._shared.cores))
        self.loading = Loading(self.vectors, self.snapshots, self._shared.loading)
        with self._lock:
            if not (self._closed or self._paused):  # or nothing would ever stop the thread
                self._start(self.loading)

    def _start(self, loading: Loading) -> None:
        self._indexer = Indexer(self.vectors, self.snapshots, self._shared, loading)

    @property
    def indexer(self) -> Indexer | None:
        """What builds the graph; None until `load`."""
        return self._indexer

    @property
    def failed(self) -> bool:
        """Whether a fault of our own has ended the thread."""
        return self._indexer is not None and self._indexer.failed

    @property
    def needed_bytes(self) -> int:
        """What the documents that are here take in memory, without what is left of others."""
        vectors = self.vectors
        pending = vectors.pending  # first: of a graph that is exchanged meanwhile too much is counted, not too little
        return needed_bytes(self.parameters.ndim, len(vectors), pending + len(vectors.graph))

    def check_room(self, rows: int) -> None:
        """Raise MemoryFullError where so many rows more would exceed the bound; the writer decides."""
        self._shared.bound.check(needed_bytes(self.parameters.ndim, rows, rows))

    def admit(self, before: Changes, changes: Changes) -> None:
        """Claim what a job needs beyond what it removes; `before` are the group's changes until then.

        Raises:
            MemoryFullError: that would exceed the bound.
        """
        if changes.added and self._shared.bound.most_bytes:
            gone = set(changes.removed)
            rows = count_rows(changes) - self.count_of(changes.removed)
            rows -= sum(len(vectors) for key, vectors in before.added if key in gone)
            self._shared.bound.claim(self, needed_bytes(self.parameters.ndim, rows, rows))

    def count_of(self, documents: Sequence[int]) -> int:
        """Return how many rows these documents have, of those that are committed."""
        wanted = np.unique(np.asarray(documents, np.int64))
        return len(self.vectors.capture()[0].slots_of(wanted)[0]) if len(wanted) else 0

    def expect(self, changes: Changes) -> None:
        """Add the rows that are about to be committed."""
        self.standing.expect(changes)
        if changes.added:
            documents, vectors = zip(*changes.added, strict=True)
            owners, counts = np.array(documents, np.int64), np.array([len(one) for one in vectors])
            keys = stretches(owners - counts + 1, counts)
            self.vectors.append(keys, np.concatenate(vectors), np.repeat(owners, counts), expected=True)

    def applied(self, changes: Changes) -> None:
        """Mark the rows whose removal is committed as gone, or read all rows again."""
        self.standing.settled()
        self.vectors.confirm()
        self.claimed_bytes = 0
        self.vectors.discard(changes.removed)
        if self._indexer is None:
            if changes.exchanged:
                self.load()
            return
        self._indexer.notify()
        changes.held_s = self._indexer.pace(count_rows(changes), self._others_wait, lone=changes.lone)
        self.held_s += changes.held_s

    def abandoned(self, _: Changes) -> None:
        """Take back the rows that were never committed."""
        self.standing.settled()
        self.claimed_bytes = 0
        self.vectors.withdraw()

    def pause(self) -> None:
        """Stop the thread without a snapshot; searches look at all rows that the graph lacks."""
        with self._lock:
            self._paused = True
            if self._indexer is not None:
                self._indexer.close(leave_snapshot=False)

    def resume(self) -> None:
        """Go on after `pause`."""
        with self._lock:
            self._paused = False
            if self.loading is not None:
                self._start(self.loading)

    def close(self) -> None:
        """Stop the thread, which may leave a snapshot; the writer must still write."""
        with self._lock:
            self._closed = True
        if self._indexer is not None:
            self._indexer.close()


def count_rows(changes: Changes) -> int:
    """Return how many rows come."""
    return sum(len(vectors) for _, vectors in changes.added)
