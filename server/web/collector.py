"""The garbage collector, off while large bodies are decoded, whichever threads do it.

Decoding makes many objects that all stay alive, which the collector would visit again and again: 3.6 s instead of 0.8
for 30 MB of short lists (timed by hand).
"""

import gc
import threading
from types import TracebackType


class Uncollected:
    """Within it nothing is collected; it is on again once the last thread has left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._was_on = False

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._was_on = gc.isenabled()
                gc.disable()
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and self._was_on:
                gc.enable()


# The collector is one for the process.
UNCOLLECTED = Uncollected()
