"""Detects a run that hangs: it cannot be stopped from inside the process, so the process has to restart.

In: how long the longest run has lasted. Out: one call, when that is too long.
"""

import threading
from collections.abc import Callable

# The interval between two checks: a share of the limit, and at most so many seconds.
INTERVAL_SHARE, MAX_INTERVAL_S = 0.1, 1.0


class Watchdog:
    """A thread of its own, because all others may be blocked."""

    def __init__(self, longest_run_s: Callable[[], float], limit_s: float, on_hang: Callable[[str], None]) -> None:
        self._longest_run_s = longest_run_s
        self._limit_s = limit_s
        self._on_hang = on_hang
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(min(MAX_INTERVAL_S, self._limit_s * INTERVAL_SHARE)):
            if self._longest_run_s() > self._limit_s:
                self._on_hang(f"a run took longer than run_timeout_s, {self._limit_s:g}")
                return
