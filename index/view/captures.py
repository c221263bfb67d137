"""The rows of one moment, as a search sees them: a state of the database, and the rows in memory that belong to it."""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.store.passage_rows import stretches

Flags = NDArray[np.bool_]
Keys = NDArray[np.int64]
Slots = NDArray[np.int64]

NONE: Slots = np.empty(0, np.int64)
STRETCH_ROWS = 4_096  # 3 µs


Stamp = tuple[int, int]  # see `standing.py`


class Moment(msgspec.Struct, frozen=True):
    """A state of the database: what the vectors' clock showed before its transaction began, and its highest key.

    `stamp` says what is known of filters at this moment; None is nothing.
    """

    clock: int
    highest_key: int
    stamp: Stamp | None = None


class Capture(msgspec.Struct, frozen=True):
    """The rows of one moment: keys (n,) int64 ascending, rows (n, ndim) float16, alive (n,), nodes (n,) int64.

    `owners` (n,) int64 ascending are the documents whose passages they are. A node of the graph stands for the rows
    that name it; 0 names none. Every living row before the slot `settled` has one. The rows in `returned` are gone by
    now, but were alive at this moment. Slots mean the same in captures of one generation; nothing has changed while the
    version is the same. `whole` says that no row of the moment has been forgotten since.
    """

    keys: Keys
    rows: NDArray[np.float16]
    alive: Flags
    nodes: Keys
    owners: Keys
    settled: int = 0
    returned: Slots = NONE
    generation: int = 0
    version: int = 0
    whole: bool = True

    @property
    def viewed(self) -> Flags:
        """Which rows the graph has."""
        return np.asarray(self.nodes != 0)

    def take(self, place: slice, keys: Keys, rows: NDArray[np.floating], owners: Keys) -> None:
        """Write living rows that the graph lacks to these slots."""
        self.keys[place], self.rows[place], self.owners[place] = keys, rows, owners
        self.alive[place], self.nodes[place] = True, 0

    def with_own_flags(self) -> "Capture":
        """Return the same rows; what becomes of `alive` there is not seen here."""
        return msgspec.structs.replace(self, alive=self.alive.copy())

    def slots(self, keys: Sequence[int] | Keys) -> tuple[Slots, Flags]:
        """Return the slots of the keys, and which of the keys are there and alive."""
        found, there = places(self.keys, np.asarray(keys, np.int64))
        return found, there & self.alive[found] if len(self.keys) else there

    def slots_of(self, documents: Keys) -> tuple[Slots, Flags]:
        """Return the slots of all rows of these documents, and which of the documents are there and alive."""
        starts = np.searchsorted(self.owners, documents)
        counts = np.searchsorted(self.owners, documents, "right") - starts
        there = counts > 0
        there[there] = self.alive[starts[there]]  # the rows of a document come and go together
        return stretches(starts[there], counts[there]), there

    def settled_after(self, start: int) -> int:
        """Return before which slot every living row has a node, where that is known of those before `start`."""
        for at, waiting in self._waiting(start):
            if waiting.any():
                return at + int(waiting.argmax())
        return max(start, len(self.keys))

    def first_missing(self, count: int) -> Slots:
        """Return the slots of the first of the rows alive now that the graph lacks, in ascending order."""
        found, enough = [NONE], count
        for at, waiting in self._waiting(self.settled):
            found.append(np.flatnonzero(waiting)[:enough] + at)
            enough -= len(found[-1])
            if not enough:
                break
        return np.concatenate(found)

    def _waiting(self, start: int) -> Iterator[tuple[int, Flags]]:
        """Yield which living rows have no node, stretch by stretch: what is sought is near, the rows many."""
        for at in range(start, len(self.keys), STRETCH_ROWS):
            stretch = slice(at, at + STRETCH_ROWS)
            yield at, self.alive[stretch] & (self.nodes[stretch] == 0)

    def missing(self) -> Slots:
        """Return the slots of the living rows that the graph lacks, in ascending order."""
        start = min(self.settled, len(self.keys))
        tail = np.flatnonzero(self.alive[start:] & (self.nodes[start:] == 0)) + start
        back = self.returned[self.returned < start]
        back = back[self.nodes[back] == 0]
        return np.concatenate([np.sort(back), tail]) if len(back) else tail


def places(keys: Keys, wanted: Keys) -> tuple[Slots, Flags]:
    """Return where the wanted keys stand among these, which ascend and differ, and which of them are there.

    Most keys follow each other without a gap, so where one stands is guessed from the first key of its stretch: halving
    among a million keys waits for memory twenty times.
    """
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    last = len(keys) - 1
    firsts = keys[::STRETCH_ROWS]
    stretch = np.maximum(np.searchsorted(firsts, wanted, "right") - 1, 0)
    found = np.clip(stretch * STRETCH_ROWS + (wanted - firsts[stretch]), 0, last)
    there = keys[found] == wanted
    if len(others := np.flatnonzero(~there)):
        found[others] = np.minimum(np.searchsorted(keys, wanted[others]), last)
        there[others] = keys[found[others]] == wanted[others]
    return found, there


def raised(flags: Flags, slots: Slots) -> Flags:
    """Return flags of which those at these slots are set besides; the same ones where there are no slots."""
    if not len(slots):
        return flags
    found = flags.copy()
    found[slots] = True
    return found


def allocated(capacity: int, ndim: int) -> Capture:
    """Return arrays for so many rows. Not filled on purpose: memory that was never touched costs nothing."""
    rows = np.empty((capacity, ndim), np.float16)
    keys, owners, nodes = (np.zeros(capacity, np.int64) for _ in range(3))
    return Capture(keys, rows, np.zeros(capacity, np.bool_), nodes, owners)


def with_room(rows: Capture, count: int, needed: int) -> Capture:
    """Return arrays that have room for as many rows as are needed, with the first of these, so many."""
    if needed <= len(rows.keys):
        return rows
    larger = allocated(max(needed, len(rows.keys) * 3 // 2), rows.rows.shape[1])
    kept = slice(count)
    copy_into(larger, Capture(rows.keys[kept], rows.rows[kept], rows.alive[kept], rows.nodes[kept], rows.owners[kept]))
    return larger


def copy_into(larger: Capture, rows: Capture) -> None:
    """Copy these rows to the beginning of larger arrays."""
    count = len(rows.keys)
    larger.keys[:count] = rows.keys
    larger.rows[:count] = rows.rows
    larger.alive[:count] = rows.alive
    larger.nodes[:count] = rows.nodes
    larger.owners[:count] = rows.owners
