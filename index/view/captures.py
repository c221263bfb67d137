"""The rows of one moment, as a search sees them: a state of the database, and the rows in memory that belong to it."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Slots = NDArray[np.int64]

NONE: Slots = np.empty(0, np.int64)


class Moment(msgspec.Struct, frozen=True):
    """A state of the database: what the vectors' clock showed before its transaction began, and its highest key."""

    clock: int
    highest_key: int


class Capture(msgspec.Struct, frozen=True):
    """The rows of one moment: keys (n,) int64 ascending, rows (n, ndim) float16, alive (n,), viewed (n,).

    The graph has every living row before the slot `settled`. The rows in `returned` are gone by now, but were alive at
    this moment. Slots mean the same in captures of one generation; nothing has changed while the version is the same.
    `whole` says that no row of the moment has been forgotten since.
    """

    keys: NDArray[np.int64]
    rows: NDArray[np.float16]
    alive: Flags
    viewed: Flags
    settled: int = 0
    returned: Slots = NONE
    generation: int = 0
    version: int = 0
    whole: bool = True

    def slots(self, keys: Sequence[int] | NDArray[np.int64]) -> tuple[Slots, Flags]:
        """Return the slots of the keys, and which of the keys are there and alive."""
        wanted = np.asarray(keys, np.int64)
        if not len(self.keys):
            return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
        found = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return found, (self.keys[found] == wanted) & self.alive[found]

    def missing(self) -> Slots:
        """Return the slots of the living rows that the graph lacks, in ascending order."""
        start = min(self.settled, len(self.keys))
        tail = np.flatnonzero(self.alive[start:] & ~self.viewed[start:]) + start
        back = self.returned[self.returned < start]
        back = back[~self.viewed[back]]
        return np.concatenate([np.sort(back), tail]) if len(back) else tail


def copy_into(larger: Capture, rows: Capture) -> None:
    """Copy these rows to the beginning of larger arrays."""
    count = len(rows.keys)
    larger.keys[:count] = rows.keys
    larger.rows[:count] = rows.rows
    larger.alive[:count] = rows.alive
    larger.viewed[:count] = rows.viewed
