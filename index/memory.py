"""What a collection keeps in memory beside its database: the vectors, their view, and the thread that builds it.

Follows the writer. Rows come before the commit and go after it: see `vectors.py` for what that is good for.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index import rows
from index.connections import Readers
from index.indexer import Indexer
from index.snapshots import Snapshots
from index.store import Store
from index.vectors import Vectors
from index.view import View, ViewParameters
from index.writer import Changes


class Memory:
    """Nothing is in it until `load`, and nothing where the database has another model's vectors."""

    def __init__(self, ndim: int) -> None:
        self.parameters = ViewParameters(ndim)
        self.vectors = Vectors(ndim, View(self.parameters))
        self.snapshots: Snapshots | None = None
        self._readers: Readers | None = None
        self._indexer: Indexer | None = None
        self._lock = threading.Lock()
        self._closed = False

    def attach(self, store: Store, folder: Path | None, at: Callable[[str], None]) -> None:
        """Say where the truth is, and where snapshots lie (None: nowhere)."""
        self._readers = store.readers
        if folder is not None:
            self.snapshots = Snapshots(folder, store.readers, store.writer, at)
            self.snapshots.remove_strays()

    def load(self) -> None:
        """Read the vectors, take the newest snapshot that is whole, and begin to add what it lacks."""
        for keys, vectors in self._pages():
            self.vectors.append(keys, vectors)
        view = None if self.snapshots is None else self.snapshots.load(self.parameters)
        if view is not None:
            self.vectors.adopt(view)
        with self._lock:
            if not self._closed:  # else nobody would ever stop the thread
                self._indexer = Indexer(self.vectors, self.snapshots)

    def _pages(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        assert self._readers is not None
        with self._readers.reading() as connection:
            self.vectors.reserve(rows.count(connection))
            yield from rows.all_vectors(connection, self.parameters.ndim)

    def _exchange(self) -> None:
        pages = [(keys, vectors.astype(np.float16)) for keys, vectors in self._pages()]
        keys = np.concatenate([np.empty(0, np.int64), *(keys for keys, _ in pages)])
        vectors = np.concatenate([np.empty((0, self.parameters.ndim), np.float16), *(part for _, part in pages)])
        self.vectors.exchange(keys, vectors, View(self.parameters))

    @property
    def indexer(self) -> Indexer | None:
        """The thread that builds the view, once there is something to build it from."""
        return self._indexer

    def expect(self, changes: Changes) -> None:
        """Take the rows that are about to be committed."""
        if changes.added:
            keys, vectors = zip(*changes.added, strict=True)
            self.vectors.append(keys, np.stack(vectors))

    def applied(self, changes: Changes) -> None:
        """Let the rows go that are committed to be gone, or read all anew."""
        self.vectors.discard(changes.removed)
        if self._indexer is None:
            if changes.exchanged:
                self.load()
            return
        if changes.exchanged:
            self._exchange()
        self._indexer.notify()
        self._indexer.pace(len(changes.added))

    def abandoned(self, changes: Changes) -> None:
        """Let the rows go that were never committed."""
        self.vectors.discard([key for key, _ in changes.added])

    def rest(self) -> None:
        """Stop the thread, which leaves no snapshot; searches look at all that the view has not got."""
        if self._indexer is not None:
            self._indexer.close(leave_snapshot=False)

    def resume(self) -> None:
        """Go on after `rest`."""
        if self._indexer is not None:
            self._indexer = Indexer(self.vectors, self.snapshots)

    def close(self) -> None:
        """Stop the thread, which may leave a snapshot; the writer must still write."""
        with self._lock:
            self._closed = True
        if self._indexer is not None:
            self._indexer.close()
