"""How long a writer is held up: for about as long as the graph takes for what it brought, as that is measured.

So a writer goes no faster than the graph, however many threads build that and whatever else the cores do.
"""

import threading
import time
from collections.abc import Callable

LONE_S = 1.0  # a put of one document is held up no longer, by itself or by the one before it
LONGEST_S = 10.0  # of a commit behind which nobody waits
SLACK = 1.25  # what was measured is what was; the backlog has to shrink where it was too much
USUAL_ROW_S = 0.0005  # until it is measured: docs/decisions/0024-the-graph-at-a-million.md
REMEMBERED_S = 10.0  # of work, so that a rate follows searches and other processes that come and go


class Pace:
    """Measured by the thread that builds the graph, asked by the one that writes."""

    def __init__(self) -> None:
        self._row_s, self._seconds = USUAL_ROW_S, 0.0

    def note(self, rows: int, seconds: float) -> None:
        """Take note of how long so many rows have taken."""
        if rows:
            self._seconds = min(REMEMBERED_S, self._seconds + seconds)
            share = min(1.0, seconds / self._seconds) if self._seconds else 1.0
            self._row_s += share * (seconds / rows - self._row_s)

    def longest_s(self, rows: int, *, lone: bool = False) -> float:
        """Return how long the writer of so many rows may be held up, and with it one with a `lone` document."""
        return min(rows * self._row_s * SLACK, LONE_S if lone else LONGEST_S)

    def hold(
        self,
        wake: threading.Condition,
        free: Callable[[], bool],
        others_wait: Callable[[], bool],
        longest_s: float,
    ) -> float:
        """Wait until it is `free`, for the longest time at most; return for how long it was (s).

        `wake`, which the caller holds, is notified as the graph grows. While others wait to write it is LONE_S at most.
        """
        since_s = time.monotonic()
        wake.wait_for(lambda: free() or (others_wait() and time.monotonic() - since_s >= LONE_S), longest_s)
        return time.monotonic() - since_s
