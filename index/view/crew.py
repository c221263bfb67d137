"""How many threads add to a graph: one for each core while nobody else wants them, else one alone.

Whoever adds asks before each piece of work. It is alone for a while after a search, and after it has had to wait for a
core itself: then others compute, a model or another process. USearch starts the threads, and ends the process where one
cannot be started; so it is seen now and then that more of them could be.
"""

import _thread
import time
from collections.abc import Callable
from pathlib import Path

MOST_THREADS = 16  # each takes 30 µs to start, of a piece of 4 ms
ALONE_S = 0.1  # after which it is tried again whether the cores are idle: with ten searches a second they never are
WAITED_SHARE = 0.1  # of the time since it was asked last; a thread on a core of its own waits 0.01 of it
PROOF_S, SPARE_THREADS = 1.0, 8  # so long it holds that threads can be started, since there was room for more
REFUSED_S = 60.0  # until it is tried again whether there is room
ENDING_S = 0.02  # until those that proved it are gone


class Crew:
    """Belongs to the thread that adds."""

    def __init__(
        self, tells: Path = Path("/proc/thread-self/schedstat"), startable: Callable[[int], bool] | None = None
    ) -> None:
        self._tells = tells
        self._startable = startable or can_start
        self._asked_s, self._waited_s = time.monotonic(), 0.0
        self._alone_until_s, self._proven_until_s = 0.0, 0.0

    def threads(self, cores: int, searched_s: float) -> int:
        """Return how many threads may add now, at most one a core; the last search was at this time, monotonic."""
        if cores == 1:
            return 1
        now_s, waited_s = time.monotonic(), waited_by(self._tells)
        short = waited_s - self._waited_s > WAITED_SHARE * (now_s - self._asked_s)
        self._asked_s, self._waited_s = now_s, waited_s
        if short:
            self._alone_until_s = now_s + ALONE_S
        if now_s < max(self._alone_until_s, searched_s + ALONE_S):
            return 1
        count = min(cores, MOST_THREADS)
        return count if self._proven(count, now_s) else 1

    def _proven(self, count: int, now_s: float) -> bool:
        if now_s < self._proven_until_s:
            return True
        if self._startable(count + SPARE_THREADS):
            self._alone_until_s, self._proven_until_s = now_s + ENDING_S, now_s + PROOF_S
        else:
            self._alone_until_s = now_s + REFUSED_S
        return False


def can_start(count: int) -> bool:
    """Say whether so many more threads can be there at once; for less than a millisecond they are."""
    end = _thread.allocate_lock()
    end.acquire()

    def wait() -> None:
        with end:
            pass

    try:
        for _ in range(count):
            _thread.start_new_thread(wait, ())  # threading's own would wait for each to have begun
    except (RuntimeError, MemoryError):  # no thread more, or no memory for its stack
        return False
    finally:
        end.release()
    return True


def waited_by(tells: Path) -> float:
    """Return how long the calling thread has been ready to run and had no core, in seconds; 0 where nobody tells.

    The second number of Linux's schedstat, in nanoseconds (Documentation/scheduler/sched-stats).
    """
    try:
        return int(tells.read_bytes().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
