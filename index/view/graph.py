"""A USearch graph of bfloat16 rows by key, for approximate search; rows that are nearly equal share a node.

One thread changes it, any may search. Calls on the graph run one at a time, so changes come in pieces of a few
milliseconds, and searches that wait go first. It is never mapped from a file: USearch does not survive a damaged one.
"""

import errno
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import usearch.index
from numpy.typing import NDArray

from index.view.groups import GROUP_COSINE, nodes_of

GRAPH_ROWS = 128  # nodes that a search asks for in any case; float16 orders their rows better than the graph does
GROUPING_WIDTH = 32  # of the search for a new row's node, which finds it as well as a wider one
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
    group_cosine: float = GROUP_COSINE
    usearch: str = usearch.__version__


class Graph:
    """`tombstones` counts the nodes removed since it was empty, `busy` says that a search would have to wait long.

    `size_bytes` is the memory that the graph took when it was last measured. `trusted` is false where it misses too
    much, as `watch.py` finds out: searches should take another way.
    """

    def __init__(
        self, parameters: GraphParameters, tombstones: int = 0, max_removed_rows: int = MAX_REMOVED_ROWS
    ) -> None:
        self.parameters = parameters
        self.tombstones = tombstones
        self.busy = False
        self.trusted = True
        self.size_bytes = 0
        self._graph = usearch.index.Index(
            ndim=parameters.ndim,
            metric="cos",
            dtype=parameters.dtype,
            connectivity=parameters.connectivity,
            expansion_add=parameters.expansion_add,
            expansion_search=parameters.expansion_search,
        )
        self._width = parameters.expansion_search
        self._max_removed_rows = max_removed_rows
        self._piece_rows = 4
        self._searches = 0
        self._turn = threading.Lock()
        self._idle = threading.Condition()

    def __len__(self) -> int:
        return len(self._graph)

    @property
    def width(self) -> int:
        """How many nodes a search keeps in view: more find more, and take longer."""
        return self._width

    def widen(self, width: int) -> None:
        self._width = width

    def _look(self, width: int) -> None:
        self._graph.expansion_search = width  # type: ignore[misc]  # its setter is hidden to mypy

    def search(self, query: NDArray[np.float16], count: int, width: int = 0) -> NDArray[np.int64]:
        """Return the nodes that are approximately the nearest, with at least this width."""
        with self._idle:
            self._searches += 1
        try:
            with self._turn:
                self._look(max(width, self._width))
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

    def add(self, keys: NDArray[np.int64], rows: NDArray[np.float16]) -> NDArray[np.int64]:
        """Give the first of these rows a node, as many as take a few milliseconds; return the nodes of those.

        A node is that of a row nearly equal, or a new one that bears the row's key.
        """
        count = min(self._piece_rows, len(keys))
        self.wait_for_searches()
        with self._turn:
            started_s = time.perf_counter()
            nodes = nodes_of(keys[:count], rows[:count], *self._nearest(rows[:count]))
            new = np.flatnonzero(nodes == keys[:count])
            if len(new):
                self._graph.add(keys[new].astype(np.uint64), rows[new], threads=1)
            taken_s = time.perf_counter() - started_s
        if count == self._piece_rows:
            self._piece_rows = int(np.clip(count * PIECE_S / max(taken_s, 1e-6), 1, min(MAX_ADDED_ROWS, 2 * count)))
        return nodes

    def _nearest(self, rows: NDArray[np.float16]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the nearest node of each row, and its cosine."""
        if not len(self._graph):
            return np.zeros(len(rows), np.int64), np.full(len(rows), -1, np.float32)
        self._look(GROUPING_WIDTH)
        found = self._graph.search(rows, 1, threads=1)
        return found.keys.reshape(-1).astype(np.int64), 1 - found.distances.reshape(-1)

    def remove(self, keys: Sequence[int] | NDArray[np.int64]) -> None:
        """Remove nodes; the graph keeps a tombstone for each."""
        every = np.asarray(keys, np.uint64)
        for start in range(0, len(every), self._max_removed_rows):
            self.wait_for_searches()
            with self._turn:
                removed = self._graph.remove(every[start : start + self._max_removed_rows], threads=1)
            self.tombstones += int(np.sum(removed))

    def keys(self) -> NDArray[np.int64]:
        """Return all nodes, in no order."""
        with self._turn:
            if not len(self._graph):
                return np.empty(0, np.int64)
            return np.asarray(self._graph.keys[:], np.int64)

    def measure(self) -> None:
        """Note how much memory the graph's nodes and links take, which looks at each of them: 1 ms for 100,000.

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
                self._save(path)
            finally:
                self.busy = False

    def _save(self, path: Path) -> None:
        try:
            str(path).encode()
        except UnicodeEncodeError:  # USearch takes no name of other bytes, and its copy in memory is of any
            path.write_bytes(self._graph.save() or b"")
            return
        self._graph.save(str(path))
        if path.stat().st_size != self._graph.serialized_length:  # it does not look at what closing the file says
            raise OSError(errno.EIO, f"{path} is not whole")

    def read(self, content: bytes) -> None:
        """Become the graph in these bytes, which must be what `write` wrote: nothing is checked."""
        self._graph.load(content)
        self.measure()
