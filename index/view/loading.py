"""The graph of a start: it comes from a snapshot while searches compare every row, which is exact, and slower."""

import threading
from collections.abc import Callable

from index.view.snapshots import Snapshots
from index.view.vectors import Vectors

LOOK_S = 0.02  # between two looks whether it is stopped, while others have their turn


class Loading:
    """Of the vectors that were just read, once. Until it is done the graph is `busy`, so that searches do without."""

    def __init__(self, vectors: Vectors, snapshots: Snapshots | None, turn: threading.Semaphore | None = None) -> None:
        self._vectors = vectors
        self._snapshots = snapshots
        self._turn = turn or threading.Semaphore()
        self._done = threading.Event()
        vectors.graph.busy = True

    @property
    def done(self) -> bool:
        """Whether there is the graph that a start begins with, or there was none to load."""
        return self._done.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it is done, and say whether it is."""
        return self._done.wait(timeout_s)

    def run(self, stopped: Callable[[], bool]) -> bool:
        """Load the newest snapshot that is whole, unless that is done; return whether it is, or was stopped before.

        Called by the thread that changes the graph.
        """
        while not (self.done or stopped()):
            if self._turn.acquire(timeout=LOOK_S):
                try:
                    self._load(stopped)
                finally:
                    self._turn.release()
        return self.done

    def _load(self, stopped: Callable[[], bool]) -> None:
        rows, graph = self._vectors.capture()
        loaded = None if self._snapshots is None else self._snapshots.load(graph.parameters, rows, stopped)
        if stopped():
            return
        if loaded is not None:
            self._vectors.adopt(*loaded)
        else:
            graph.busy = False
        self._done.set()
