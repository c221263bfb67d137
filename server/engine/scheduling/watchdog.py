"""Watches over the runs: one that hangs cannot be stopped from inside the process, so whoever starts it anew must know.

In: how long the longest run has lasted. Out: one call, when that is too long.
"""

import threading
from collections.abc import Callable

# How often it looks, as a share of the bound, and at most.
SHARE, MOST_S = 0.1, 1.0


class Watchdog:
    """A thread that looks at the clock; nothing else may be able to."""

    def __init__(self, longest_run_s: Callable[[], float], limit_s: float, on_hang: Callable[[str], None]) -> None:
        self._longest_run_s = longest_run_s
        self._limit_s = limit_s
        self._on_hang = on_hang
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start watching."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(min(MOST_S, self._limit_s * SHARE)):
            if self._longest_run_s() > self._limit_s:
                self._on_hang(f"a run took longer than run_timeout_s, {self._limit_s:g}")
                return
