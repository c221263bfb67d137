"""What a collection keeps in memory beside its database: the vectors, their view, and the thread that builds it.

Follows the writer. Rows come before the commit and go after it: see `vectors.py` for what that is good for.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

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

    def attach(self, store: Store, folder: Path | None, at: Callable[[str], None]) -> None:
        """Say where the truth is, and where snapshots lie (None: nowhere)."""
        self._readers = store.readers
        if folder is not None:
            self.snapshots = Snapshots(folder, store.readers, store.writer, at)
            self.snapshots.remove_strays()

    def load(self) -> None:
        """Read the vectors, take the newest snapshot that is whole, and begin to add what it lacks."""
        self._read_vectors()
        view = None if self.snapshots is None else self.snapshots.load(self.parameters)
        if view is not None:
            self.vectors.adopt(view)
        self._indexer = Indexer(self.vectors, self.snapshots)

    def _read_vectors(self) -> None:
        assert self._readers is not None
        ndim = self.parameters.ndim
        self.vectors.replace(np.empty(0, np.int64), np.empty((0, ndim), np.float32), View(self.parameters))
        with self._readers.reading() as connection:
            for keys, vectors in rows.all_vectors(connection, ndim):
                self.vectors.append(keys, vectors)

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
        if changes.exchanged:
            self._read_vectors()
        else:
            self.vectors.discard(changes.removed)
        if self._indexer is not None:
            self._indexer.notify()
            self._indexer.pace(len(changes.added))
        elif changes.exchanged:
            self._indexer = Indexer(self.vectors, self.snapshots)

    def abandoned(self, changes: Changes) -> None:
        """Let the rows go that were never committed."""
        self.vectors.discard([key for key, _ in changes.added])

    def close(self) -> None:
        """Stop the thread, which may leave a snapshot; the writer must still write."""
        if self._indexer is not None:
            self._indexer.close()
