"""A USearch graph of int8 rows by key, for approximate search; rows that are nearly equal share a node.

One thread changes it, any may search. Calls on the graph run one at a time, so changes come in pieces of a few
milliseconds, and searches that wait go first; within a piece several threads may add. It is never mapped from a file:
USearch does not survive a damaged one.
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

from index.view.captures import Capture
from index.view.groups import GROUP_COSINE, nodes_of, surely
from index.view.quantized import cosines_from, quantized
from index.view.rescued import Rescued
from index.view.sizes import graph_bytes
from index.view.unchecked import Unchecked

GRAPH_ROWS = 128  # nodes that a search asks for in any case; float16 orders their rows better than the graph does
GROUPING_WIDTH = 32  # of the search for a new row's node, which finds it as well as a wider one
SHAPE = ("ndim", "metric", "dtype", "connectivity", "expansion_add", "expansion_search")  # what USearch is told
MAX_ADDED_ROWS = 32  # in a piece, for each thread
SHARED_NODES = 1_024  # fewer have few ways to each: threads that add at once leave some that nothing leads to
MAX_REMOVED_ROWS = 4_096  # 0.7 ms
MEASURED_SHARE = 100
PIECE_S = 0.004  # a search waits for one piece at most
TURNS_GIVEN_S = 0.05  # searches that never end must not keep the graph from growing


class GraphParameters(msgspec.Struct, frozen=True):
    """What a graph is built with; a snapshot with others is not loaded. `usearch` is the library's version.

    `file` says what of the graph a snapshot holds.
    """

    ndim: int
    dtype: str = "i8"
    metric: str = "ip"
    connectivity: int = 16
    expansion_add: int = 128
    expansion_search: int = 128
    group_cosine: float = GROUP_COSINE
    usearch: str = usearch.__version__
    file: str = "links"


class Graph:
    """`tombstones` counts the nodes removed since it was empty, `busy` says that a search would have to wait long.

    `size_bytes` is the memory that it took when it was last measured. `trusted` is false where it misses too
    much, as `watch.py` finds out: searches should take another way. `unchecked` are nodes that nobody has looked
    for yet, by their own rows, since they were added; `orphans` wait for `rescue`, as hardly any node leads to them.
    """

    def __init__(
        self, parameters: GraphParameters, tombstones: int = 0, max_removed_rows: int = MAX_REMOVED_ROWS
    ) -> None:
        self.parameters = parameters
        self.tombstones = tombstones
        self.busy = False
        self.trusted = True
        self.unchecked = Unchecked()
        self.orphans = Unchecked()
        self._measured_bytes = 0
        shape = {name: getattr(parameters, name) for name in SHAPE}
        self._graph = usearch.index.Index(**shape)
        self._rescued = Rescued(shape)
        self._width = parameters.expansion_search
        self._max_removed_rows = max_removed_rows
        self._piece_rows = 4  # for each thread
        self._measured_nodes, self._freed = 0, 0  # freed: places of removed nodes that are not taken yet
        self._searches = 0
        self._turn = threading.Lock()
        self._idle = threading.Condition()

    def __len__(self) -> int:
        return len(self._graph)

    @property
    def size_bytes(self) -> int:
        """The memory that it took when it was last measured, and what is rescued takes."""
        return self._measured_bytes + self._rescued.size_bytes

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
        return self.search_within(query, count, max(width, self._width))

    def search_within(self, query: NDArray[np.float16], count: int, width: int) -> NDArray[np.int64]:
        """Return the same with exactly this width, though never a smaller one than the count."""
        steps = quantized(query)
        with self._idle:
            self._searches += 1
        try:
            with self._turn:
                self._look(width)
                found = self._graph.search(steps, count, threads=1).keys.astype(np.int64)
                found = np.append(found, self._rescued.search(steps, count))
        finally:
            with self._idle:
                self._searches -= 1
                self._idle.notify_all()
        return np.asarray(found)

    def wait_for_searches(self) -> None:
        """Let searches that wait go first, for a while."""
        with self._idle:
            self._idle.wait_for(lambda: self._searches == 0, TURNS_GIVEN_S)

    def add(
        self, keys: NDArray[np.int64], rows: NDArray[np.float16], known: Capture | None = None, threads: int = 1
    ) -> NDArray[np.int64]:
        """Give the first of these rows a node, as many as take a few milliseconds; return the nodes of those.

        A node is that of a row nearly equal, or a new one that bears the row's key. `known` has the rows of nodes, by
        which it is decided exactly what is nearly equal; of others it has to be beyond doubt.
        """
        threads = self.shared_by(threads)
        count = min(threads * self._piece_rows, len(keys))
        steps = quantized(rows[:count])
        self.wait_for_searches()
        with self._turn:
            started_s = time.perf_counter()
            nearest, cosines = self._nearest(steps, threads)
            cosines = surely(rows[:count], nearest, cosines, known)
            nodes = nodes_of(keys[:count], rows[:count], nearest, cosines)
            new = np.flatnonzero(nodes == keys[:count])
            if len(new):
                self._graph.add(keys[new].astype(np.uint64), steps[new], threads=threads)
                self._freed = max(0, self._freed - len(new))
            taken_s = time.perf_counter() - started_s
        if count == threads * self._piece_rows:
            fitting = self._piece_rows * PIECE_S / max(taken_s, 1e-6)
            self._piece_rows = int(np.clip(fitting, 1, min(MAX_ADDED_ROWS, 2 * self._piece_rows)))
        return nodes

    def shared_by(self, threads: int) -> int:
        """Return how many of so many threads may add now.

        Where they take places of removed nodes they may wait for each other forever:
        https://github.com/unum-cloud/USearch/issues/396.
        """
        return 1 if self._freed or len(self._graph) < SHARED_NODES else threads

    def _nearest(self, steps: NDArray[np.int8], threads: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the nearest node of each row, and about its cosine."""
        if not len(self._graph):
            return np.zeros(len(steps), np.int64), np.full(len(steps), -1, np.float32)
        self._look(GROUPING_WIDTH)
        found = self._graph.search(steps, 1, threads=threads)
        cosines = cosines_from(found.distances.reshape(-1))
        counts = found.counts if isinstance(found, usearch.index.BatchMatches) else np.array([len(found.keys)])
        cosines[counts == 0] = -1  # what stands there then nobody wrote
        return found.keys.reshape(-1).astype(np.int64), cosines

    def rescue(self, keys: NDArray[np.int64], rows: NDArray[np.float16]) -> None:
        """Have every search look at the nearest of these nodes too, which hardly any other leads to: few at a time."""
        steps = quantized(rows)
        self.wait_for_searches()
        with self._turn:
            there = self._graph.contains(keys)
            self._rescued.add(keys[there], steps[there])

    def rescued(self) -> NDArray[np.int64]:
        """Return the nodes that are looked for besides."""
        with self._turn:
            return self._rescued.keys()

    def remove(self, keys: Sequence[int] | NDArray[np.int64]) -> None:
        """Remove nodes; the graph keeps a tombstone for each."""
        every = np.asarray(keys, np.uint64)
        for start in range(0, len(every), self._max_removed_rows):
            self.wait_for_searches()
            with self._turn:
                some = every[start : start + self._max_removed_rows]
                removed = int(np.sum(self._graph.remove(some, threads=1)))
                self._rescued.remove(some)
                self._freed += removed
            self.tombstones += removed

    def keys(self) -> NDArray[np.int64]:
        """Return all nodes, in no order."""
        with self._turn:  # USearch counts them first: of those added meanwhile some would stand for others
            return np.asarray(self._graph.keys[:], np.int64) if len(self._graph) else np.empty(0, np.int64)

    def measure(self) -> None:
        """Note how much memory the graph's nodes and links take, which looks at each of them: 1 ms for 100,000.

        So it is done only where the nodes have become more or fewer by a hundredth. USearch's own account counts arenas
        of 16 MB, most of which was never touched; what it writes leaves out what lies between them.
        """
        nodes = len(self._graph)
        if self._measured_bytes and MEASURED_SHARE * abs(nodes - self._measured_nodes) < nodes:
            return
        with self._turn:
            written, every = int(self._graph.serialized_length), nodes + self._freed
            self._measured_bytes = graph_bytes(written, self.parameters.ndim, every, int(self._graph.capacity))
            self._measured_nodes = nodes

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

    def read(self, content: NDArray[np.uint8]) -> None:
        """Become the graph in these bytes, which must be what `write` wrote: nothing is checked."""
        self._graph.load(content.data)
        written = int.from_bytes(content[:4].tobytes(), "little")
        self._freed = written - len(self._graph)  # of so many rows that are written there
        self.measure()
