"""The time by which documents expire. It never goes back while the process runs, whatever is done to the system's."""

import threading
import time


class Clock:
    """Handed to all that compare with the time, from any thread. A test hands in one whose `read_ms` it sets."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest_ms = 0

    def read_ms(self) -> int:
        """Return the system's time, which may have been set back."""
        return time.time_ns() // 1_000_000

    def now_ms(self) -> int:
        """Return the Unix time in milliseconds, never less than before."""
        with self._lock:
            self._latest_ms = max(self._latest_ms, self.read_ms())
            return self._latest_ms
