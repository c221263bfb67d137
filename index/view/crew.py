"""How many threads add to a graph: one for each core while nobody else wants them, else one alone.

Whoever adds asks before each piece of work. It is alone for a while after a search, and after it has had to wait for a
core itself: then others compute, a model or another process, and they had not the better of one thread before either.
"""

import time
from pathlib import Path

ALONE_S = 0.1  # after which it is tried again whether the cores are idle: with ten searches a second they never are
WAITED_SHARE = 0.1  # of the time since it was asked last; a thread on a core of its own waits 0.01 of it


class Crew:
    """Belongs to the thread that adds."""

    def __init__(self, tells: Path = Path("/proc/thread-self/schedstat")) -> None:
        self._tells = tells
        self._asked_s, self._waited_s = time.monotonic(), 0.0
        self._alone_until_s = 0.0

    def threads(self, cores: int, searched_s: float) -> int:
        """Return how many threads may add now, at most one a core; the last search was at this time, monotonic."""
        if cores == 1:
            return 1
        now_s, waited_s = time.monotonic(), waited_by(self._tells)
        short = waited_s - self._waited_s > WAITED_SHARE * (now_s - self._asked_s)
        self._asked_s, self._waited_s = now_s, waited_s
        if short:
            self._alone_until_s = now_s + ALONE_S
        return 1 if now_s < max(self._alone_until_s, searched_s + ALONE_S) else cores


def waited_by(tells: Path) -> float:
    """Return how long the calling thread has been ready to run and had no core, in seconds; 0 where nobody tells.

    The second number of Linux's schedstat, in nanoseconds (Documentation/scheduler/sched-stats).
    """
    try:
        return int(tells.read_bytes().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
