"""The vectors of a collection in memory, as float16 rows in the order of their keys: 77 MB for 100,000 of 384.

Rows are appended before the commit that brings them, marked after the one that takes them away, and compacted now and
then. So whoever notes the clock, begins to read the database and then captures finds every row that the database shows
him, and the database tells which rows are documents. `viewed` says which rows the approximate view has.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.view import View

FIRST_CAPACITY = 1024
GRACE_S = 10.0  # a row that goes can be found for so long by searches that began before

Flags = NDArray[np.bool_]


class Moment(msgspec.Struct, frozen=True):
    """A state of the database: what the clock showed before it began to be read, and its highest key."""

    clock: int
    highest_key: int


class Capture(msgspec.Struct, frozen=True):
    """The rows of one moment: keys (n,) int64 ascending, rows (n, ndim) float16, alive (n,), viewed (n,).

    Slots mean the same in captures of one generation.
    """

    keys: NDArray[np.int64]
    rows: NDArray[np.float16]
    alive: Flags
    viewed: Flags
    generation: int = 0

    def slots(self, keys: Sequence[int] | NDArray[np.int64]) -> tuple[NDArray[np.int64], Flags]:
        """Return where the keys stand, and which of them are there and alive."""
        wanted = np.asarray(keys, np.int64)
        if not len(self.keys):
            return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
        found = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return found, (self.keys[found] == wanted) & self.alive[found]


class Vectors:
    """Written by the writer's thread and compacted by the indexer's, captured by any."""

    def __init__(self, ndim: int, view: View) -> None:
        self._ndim = ndim
        self._view = view
        self._lock = threading.Lock()
        self._count = 0
        self._all = self._allocate(FIRST_CAPACITY)
        self._generation = 0
        self._gone: deque[tuple[float, int, NDArray[np.int64]]] = deque()
        self.clock = 0
        self.dead = 0

    def _allocate(self, capacity: int) -> Capture:
        # Not filled on purpose: memory that nobody touched costs nothing.
        rows = np.empty((capacity, self._ndim), np.float16)
        return Capture(np.empty(capacity, np.int64), rows, np.zeros(capacity, np.bool_), np.zeros(capacity, np.bool_))

    def __len__(self) -> int:
        return self._count - self.dead

    def pending(self) -> int:
        """Return how many rows the view has not got yet."""
        now, _ = self.capture()
        return int(np.count_nonzero(now.alive & ~now.viewed))

    def capture(self, moment: Moment | None = None) -> tuple[Capture, View]:
        """Return the rows of now or of a moment, and the view. Rows that the moment has not may be among them."""
        with self._lock:
            if moment is None:
                return self._first(self._count), self._view
            came = self._first(int(np.searchsorted(self._all.keys[: self._count], moment.highest_key, "right")))
            alive = self._alive_after(moment.clock)[: len(came.keys)]
            return msgspec.structs.replace(came, alive=alive), self._view

    def _alive_after(self, since: int) -> Flags:
        alive = self._all.alive[: self._count].copy()
        for _, clock, slots in self._gone:
            if clock > since:
                alive[slots] = True
        return alive

    def _first(self, count: int) -> Capture:
        every = self._all
        kept = slice(count)
        return Capture(every.keys[kept], every.rows[kept], every.alive[kept], every.viewed[kept], self._generation)

    def append(self, keys: Sequence[int] | NDArray[np.int64], rows: NDArray[np.floating]) -> None:
        """Add rows (n, ndim) whose keys ascend, and are higher than any before."""
        end = self._count + len(keys)
        with self._lock:
            if end > len(self._all.keys):
                self._grow(end)
            new = slice(self._count, end)
            self._all.keys[new] = keys
            self._all.rows[new] = rows
            self._all.alive[new] = True
            self._all.viewed[new] = False
            self._count = end

    def _grow(self, needed: int) -> None:
        larger = self._allocate(max(needed, len(self._all.keys) * 3 // 2))
        copy_into(larger, self._first(self._count))
        self._all = larger

    def discard(self, keys: Sequence[int]) -> None:
        """Mark rows as gone; keys that are not there are left alone."""
        with self._lock:
            slots, found = self._first(self._count).slots(keys)
            gone = np.unique(slots[found])
            self._all.alive[gone] = False
            self.dead += len(gone)
            self.clock += 1
            now_s = time.monotonic()
            self._gone.append((now_s, self.clock, gone))
            while self._gone[0][0] < now_s - GRACE_S:
                self._gone.popleft()

    def mark_viewed(self, view: View, keys: NDArray[np.int64], viewed: bool) -> None:
        """Say that the view has these rows, or has them no more; nothing if another view was taken meanwhile."""
        with self._lock:
            if view is self._view:
                self._all.viewed[np.searchsorted(self._all.keys[: self._count], keys)] = viewed

    def compact(self, old: View, view: View, since: int) -> bool:
        """Leave out the rows that went before the clock showed `since`, and take this view instead of the old one.

        False, and nothing done, where another view was taken meanwhile.
        """
        viewed = view.keys()
        with self._lock:
            if old is not self._view:
                return False
            now = self._first(self._count)
            kept = np.flatnonzero(self._alive_after(since))
            moved = [
                (gone_s, clock, np.searchsorted(kept, slots)) for gone_s, clock, slots in self._gone if clock > since
            ]
            smaller = self._allocate(max(FIRST_CAPACITY, len(kept) * 9 // 8))
            copy_into(smaller, Capture(now.keys[kept], now.rows[kept], now.alive[kept], now.viewed[kept]))
            smaller.viewed[: len(kept)] = np.isin(now.keys[kept], viewed)
            self._all, self._count, self._view = smaller, len(kept), view
            self._gone = deque(moved)
            self._generation += 1
            self.dead = int(np.count_nonzero(~smaller.alive[: len(kept)]))
            return True

    def replace(self, keys: NDArray[np.int64], rows: NDArray[np.floating], view: View) -> None:
        """Have these rows instead of all others; captures keep theirs."""
        with self._lock:
            self._ndim = view.parameters.ndim
            self._all, self._count, self.dead, self._view = self._allocate(max(FIRST_CAPACITY, len(keys))), 0, 0, view
            self._gone.clear()
            self._generation += 1
        self.append(keys, rows)
        self.adopt(view)

    def adopt(self, view: View) -> None:
        """Take a view that was read from a file: mark what it has, and have it forget what is not here."""
        keys = view.keys()
        with self._lock:
            now = self._first(self._count)
            now.viewed[:] = np.isin(now.keys, keys)
            foreign = keys[~np.isin(keys, now.keys[now.alive])]
            self._view = view
        if len(foreign):
            view.remove(foreign)


def copy_into(larger: Capture, rows: Capture) -> None:
    """Write these rows to the beginning of larger ones."""
    count = len(rows.keys)
    larger.keys[:count] = rows.keys
    larger.rows[:count] = rows.rows
    larger.alive[:count] = rows.alive
    larger.viewed[:count] = rows.viewed
