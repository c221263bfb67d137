"""A USearch graph of bfloat16 rows by key, for approximate search.

One thread changes it, any may search. Calls on the graph run one at a time, so changes come in pieces of a few
milliseconds, and searches that wait go first. It is never mapped from a file: USearch does not survive a damaged one.
"""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import usearch.index
from numpy.typing import NDArray

MAX_ADDED_ROWS = 32
MAX_REMOVED_ROWS = 4_096  # 0.7 ms
PIECE_S = 0.004  # a search waits for one piece at most
TURNS_GIVEN_S = 0.05  # searches that never end must not keep the graph from growing


class GraphParameters(msgspec.Struct, frozen=True):
    """What a graph is built with; a snapshot with others is not loaded. `usearch` is the library's version."""

    ndim: int
    dtype: str = "bf16"
    connectivity: int = 16
    expansion_add: int = 128
    expansion_search: int = 128
    usearch: str = usearch.__version__


class Graph:
    """`tombstones` counts the rows removed since it was empty, `busy` says that a search would have to wait long.

    `size_bytes` is the memory that the graph took when it was last measured.
    """

    def __init__(
        self, parameters: GraphParameters, tombstones: int = 0, max_removed_rows: int = MAX_REMOVED_ROWS
    ) -> None:
        self.parameters = parameters
        self.tombstones = tombstones
        self.busy = False
        self.size_bytes = 0
        self._graph = usearch.index.Index(
            ndim=parameters.ndim,
            metric="cos",
            dtype=parameters.dtype,
            connectivity=parameters.connectivity,
            expansion_add=parameters.expansion_add,
            expansion_search=parameters.expansion_search,
        )
        self._max_removed_rows = max_removed_rows
        self._piece_rows = 4
        self._searches = 0
        self._turn = threading.Lock()
        self._idle = threading.Condition()

    def __len__(self) -> int:
        return len(self._graph)

    def search(self, query: NDArray[np.float16], count: int) -> NDArray[np.int64]:
        """Return the keys of the rows that are approximately the nearest."""
        with self._idle:
            self._searches += 1
        try:
            with self._turn:
                found = self._graph.search(query, count, threads=1)
        finally:
            with self._idle:
                self._searches -= 1
                self._idle.notify_all()
        return np.asarray(found.keys.astype(np.int64))

    def wait_for_searches(self) -> None:
        """Let searches that wait go first, for a while."""
        with self._idle:
            self._idle.wait_for(lambda: self._searches == 0, TURNS_GIVEN_S)

    def add(self, keys: NDArray[np.int64], rows: NDArray[np.float16]) -> int:
        """Add the first of these rows, as many as take a few milliseconds; return how many."""
        count = min(self._piece_rows, len(keys))
        self.wait_for_searches()
        with self._turn:
            started_s = time.perf_counter()
            self._graph.add(keys[:count].astype(np.uint64), rows[:count], threads=1)
            taken_s = time.perf_counter() - started_s
        if count == self._piece_rows:
            self._piece_rows = int(np.clip(count * PIECE_S / max(taken_s, 1e-6), 1, min(MAX_ADDED_ROWS, 2 * count)))
        return count

    def remove(self, keys: Sequence[int] | NDArray[np.int64]) -> None:
        """Remove rows; the graph keeps a tombstone for each."""
        every = np.asarray(keys, np.uint64)
        for start in range(0, len(every), self._max_removed_rows):
            self.wait_for_searches()
            with self._turn:
                removed = self._graph.remove(every[start : start + self._max_removed_rows], threads=1)
            self.tombstones += int(np.sum(removed))

    def keys(self) -> NDArray[np.int64]:
        """Return all keys, in no order."""
        if not len(self._graph):
            return np.empty(0, np.int64)
        return np.asarray(self._graph.keys[:], np.int64)

    def measure(self) -> None:
        """Note how much memory the graph's rows and links take, which looks at each of them: 1 ms for 100,000.

        USearch's own account counts arenas of 16 MB, most of which was never touched.
        """
        with self._turn:
            self.size_bytes = int(self._graph.serialized_length)

    def write(self, path: Path) -> None:
        """Write the graph to a file. It is `busy` meanwhile: searches should take another way. Raises RuntimeError."""
        self.wait_for_searches()
        with self._turn:
            self.busy = True
            try:
                self._graph.save(str(path))
            finally:
                self.busy = False

    def read(self, content: bytes) -> None:
        """Become the graph in these bytes, which must be what `write` wrote: nothing is checked."""
        self._graph.load(content)
        self.measure()
