"""What the collections of an index share, so that many of them need few descriptors, threads and buffers at a time."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from index.store.aside import Aside
from index.store.bound import MemoryBound
from index.store.idle import IdleConnections
from index.store.turns import Turns

MAX_WORDS = 8  # who write words at a time: each has 32 MB, a few threads, and up to 16 files while it merges
MAX_SAVING = 2  # a snapshot is a file of its own, as large as the graph
MAX_LOADING = 2  # each has the file and the graph in memory at once
RECALL = 0.98  # the share of the ten nearest that searches find at least, unless somebody says otherwise


class Shared:
    """`report` says that a thread of a collection has ended by a fault; whoever mends that hands it in.

    `checked` are the databases whose logs were looked at. No second time: a database that is opened anew may be open
    still, and to close the file of its log's index would end SQLite's locks on that. `cores` is by how many of them
    a graph may be built, as many as this process may run on unless somebody says otherwise. `bound` is on the memory,
    `recall` the share of the ten nearest that searches through the graphs must find.
    """

    def __init__(
        self, report: Callable[[], None] = lambda: None, bound: MemoryBound | None = None, recall: float = RECALL
    ) -> None:
        self.report = report
        self.bound = bound or MemoryBound()
        self.recall = recall
        self.cores = usable_cores()
        self.checked = set[Path]()
        self.idle = IdleConnections()
        self.aside = Aside(self.cores - 1)
        self.words = Turns(MAX_WORDS)
        self.saving, self.loading = threading.Semaphore(MAX_SAVING), threading.Semaphore(MAX_LOADING)
        self._crowd = threading.Lock()

    @contextlib.contextmanager
    def crowd(self) -> Iterator[bool]:
        """Within it, one graph at a time may be built by several threads: whether this one may. Never waits."""
        several = self._crowd.acquire(blocking=False)
        try:
            yield several
        finally:
            if several:
                self._crowd.release()


def usable_cores() -> int:
    """Return on how many cores this process may run, 1 at least."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
