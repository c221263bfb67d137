"""The rows that went lately, which searches that began before still find."""

import itertools
import time
from collections import deque

import numpy as np

from index.view.captures import NONE, Slots

TOMBSTONES_SHARE, TOMBSTONES_LEAST = 0.3, 1024  # with half of the rows removed, searches run at 74% of their rate


class Departures:
    """In the order of the clock, each for a while. Rows that went before the clock showed `forgotten` are not known."""

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self._gone: deque[tuple[float, int, Slots]] = deque()
        self.forgotten = 0

    def add(self, clock: int, slots: Slots) -> None:
        now_s = time.monotonic()
        self._gone.append((now_s, clock, slots))
        while self._gone and self._gone[0][0] < now_s - self._grace_s:
            self.forgotten = self._gone.popleft()[1]

    def after(self, clock: int) -> Slots:
        """Return the rows that went since the clock showed this."""
        gone = itertools.takewhile(lambda one: one[1] > clock, reversed(self._gone))
        return np.concatenate([NONE, *(slots for _, _, slots in gone)])

    def compact(self, since: int, kept: Slots) -> None:
        """Forget those that went before the clock showed this; of the others the slots are now places among `kept`."""
        gone = [one for one in self._gone if one[1] > since]
        self._gone = deque((gone_s, clock, np.searchsorted(kept, slots)) for gone_s, clock, slots in gone)
        self.forgotten = max(self.forgotten, since)


def is_much(gone: int, whole: int) -> bool:
    """Say whether so many of the whole are gone that it is worth making anew."""
    return gone > TOMBSTONES_LEAST and gone > TOMBSTONES_SHARE * whole
