"""The vectors of a collection in memory, as float16 rows in the order of their keys: 77 MB for 100,000 of 384.

Rows are appended before the commit that brings them, marked as gone after the commit that removes them, and compacted
now and then. So a search that notes the clock, begins to read the database and then captures finds every row that the
database shows, and the database says which rows are documents. `viewed` says which rows the graph has.
"""

import itertools
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager

import numpy as np
from numpy.typing import NDArray

from index.view.captures import NONE, Capture, Flags, Moment, Slots, copy_into
from index.view.graph import Graph

FIRST_CAPACITY = 1024
GRACE_S = 10.0  # searches that began before a row went can still find it for so long


class Vectors:
    """Written by the writer's thread, compacted by the indexer's, captured by any.

    `pending` counts the rows that the graph lacks, `dead` those that are gone and still take room. `version`
    changes with every change. `clock` counts removals: rows that went after it showed a number can be found again.
    """

    def __init__(
        self, ndim: int, graph: Graph, grace_s: float = GRACE_S, lock: AbstractContextManager[object] | None = None
    ) -> None:
        self._ndim = ndim
        self._grace_s = grace_s
        self._graph = graph
        self._lock = lock or threading.Lock()
        self._count = 0
        self._all = self._allocate(FIRST_CAPACITY)
        self._generation, self._settled = 0, 0
        self._gone: deque[tuple[float, int, Slots]] = deque()
        self._forgotten = 0  # rows that went before the clock showed this are not known any more
        self.version = 0
        self.clock = 0
        self.dead = 0
        self.pending = 0

    def _allocate(self, capacity: int) -> Capture:
        # Not filled on purpose: memory that was never touched costs nothing.
        rows = np.empty((capacity, self._ndim), np.float16)
        return Capture(np.empty(capacity, np.int64), rows, np.zeros(capacity, np.bool_), np.zeros(capacity, np.bool_))

    def __len__(self) -> int:
        return self._count - self.dead

    @property
    def graph(self) -> Graph:
        """The graph of now."""
        return self._graph

    @property
    def size_bytes(self) -> int:
        """The memory that the rows take, without what is allocated and was never touched."""
        return self._count * (2 * self._ndim + 8 + 2)

    def capture(self, moment: Moment | None = None) -> tuple[Capture, Graph]:
        """Return the rows of now or of a moment, and the graph. Rows without a document may be among them."""
        with self._lock:
            if moment is None:
                return self._first(self._count), self._graph
            count = int(np.searchsorted(self._all.keys[: self._count], moment.highest_key, "right"))
            alive, returned = self._alive_after(moment.clock, count)
            whole = moment.clock >= self._forgotten
            return self._first(count, alive, returned, whole), self._graph

    def _alive_after(self, since: int, count: int) -> tuple[Flags, Slots]:
        alive, returned = self._all.alive[:count].copy(), NONE
        gone = list(itertools.takewhile(lambda one: one[1] > since, reversed(self._gone)))
        if gone:
            returned = np.concatenate([slots for _, _, slots in gone])
            returned = returned[returned < count]
            alive[returned] = True
        return alive, returned

    def _first(self, count: int, alive: Flags | None = None, returned: Slots = NONE, whole: bool = True) -> Capture:
        every, kept = self._all, slice(count)
        alive = every.alive[kept] if alive is None else alive
        known = self._settled, returned, self._generation, self.version, whole
        return Capture(every.keys[kept], every.rows[kept], alive, every.viewed[kept], *known)

    def append(self, keys: Sequence[int] | NDArray[np.int64], rows: NDArray[np.floating]) -> None:
        """Add rows (n, ndim) whose keys ascend, and are higher than any before."""
        with self._lock:
            end = self._count + len(keys)
            if end > len(self._all.keys):
                self._grow(end)
            new = slice(self._count, end)
            self._all.keys[new] = keys
            self._all.rows[new] = rows
            self._all.alive[new] = True
            self._all.viewed[new] = False
            self._count = end
            self.pending += len(keys)
            self.version += 1

    def reserve(self, count: int) -> None:
        """Make room for so many rows at once."""
        with self._lock:
            if count > len(self._all.keys):
                self._grow(count)

    def _grow(self, needed: int) -> None:
        larger = self._allocate(max(needed, len(self._all.keys) * 3 // 2))
        copy_into(larger, self._first(self._count))
        self._all = larger

    def discard(self, keys: Sequence[int]) -> None:
        """Mark rows as gone; keys that are not there are left alone."""
        if not len(keys):
            return
        with self._lock:
            slots, found = self._first(self._count).slots(keys)
            gone = np.unique(slots[found])
            self._all.alive[gone] = False
            self.dead += len(gone)
            self.pending -= int(np.count_nonzero(~self._all.viewed[gone]))
            self.clock += 1
            self.version += 1
            now_s = time.monotonic()
            self._gone.append((now_s, self.clock, gone))
            while self._gone and self._gone[0][0] < now_s - self._grace_s:
                self._forgotten = self._gone.popleft()[1]

    def _recount(self) -> None:
        self.version += 1
        self._settled = 0
        self._settle()
        now = self._first(self._count)
        self.dead = self._count - int(np.count_nonzero(now.alive))
        self.pending = int(np.count_nonzero(now.alive & ~now.viewed))

    def _settle(self) -> None:
        rest = slice(self._settled, self._count)
        waiting = self._all.alive[rest] & ~self._all.viewed[rest]
        self._settled += int(waiting.argmax()) if waiting.any() else len(waiting)

    def mark_viewed(self, graph: Graph, keys: NDArray[np.int64], viewed: bool) -> None:
        """Note that the graph has these rows, or no longer has them; nothing if another graph was taken meanwhile."""
        with self._lock:
            if graph is self._graph:
                slots = np.searchsorted(self._all.keys[: self._count], keys)
                changed = int(np.count_nonzero(self._all.alive[slots] & (self._all.viewed[slots] != viewed)))
                self.pending += -changed if viewed else changed
                self._all.viewed[slots] = viewed
                self._settle()
                self.version += 1

    def compact(self, old: Graph, new: Graph, since: int) -> bool:
        """Leave out the rows that went before the clock showed `since`, and take the new graph instead of the old one.

        False, and nothing done, where another graph was taken meanwhile.
        """
        viewed = new.keys()
        with self._lock:
            if old is not self._graph:
                return False
            now = self._first(self._count)
            kept = np.flatnonzero(self._alive_after(since, self._count)[0])
            moved = [
                (gone_s, clock, np.searchsorted(kept, slots)) for gone_s, clock, slots in self._gone if clock > since
            ]
            smaller = self._allocate(max(FIRST_CAPACITY, len(kept) * 9 // 8))
            copy_into(smaller, Capture(now.keys[kept], now.rows[kept], now.alive[kept], now.viewed[kept]))
            smaller.viewed[: len(kept)] = np.isin(now.keys[kept], viewed)
            self._all, self._count, self._graph = smaller, len(kept), new
            self._forgotten = max(self._forgotten, since)
            self._gone = deque(moved)
            self._generation += 1
            self._recount()
            foreign = viewed[~np.isin(viewed, smaller.keys[: len(kept)])]
        new.remove(foreign)  # they went too long ago for anything else to know of them
        return True

    def exchange(self, keys: NDArray[np.int64], rows: NDArray[np.floating], graph: Graph) -> None:
        """Put these rows under keys that are there, and take a graph without any; captures keep the old rows."""
        with self._lock:
            now = self._first(self._count)
            other = self._allocate(len(self._all.keys))
            copy_into(other, now)
            slots, found = now.slots(keys)
            other.rows[slots[found]] = rows[found]
            other.viewed[:] = False
            self._all, self._graph = other, graph
            self._generation += 1
            self._recount()

    def adopt(self, graph: Graph) -> None:
        """Take a graph that was read from a file: mark the rows it has, and remove from it those that are not here."""
        keys = graph.keys()
        with self._lock:
            now = self._first(self._count)
            now.viewed[:] = np.isin(now.keys, keys)
            foreign = keys[~np.isin(keys, now.keys[now.alive])]
            self._graph = graph
            self._recount()
        graph.remove(foreign)
