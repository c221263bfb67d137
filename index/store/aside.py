"""Has a part of a search done on another thread, while the search goes on with another part.

Only what lets go of the interpreter gains by it, and only where it takes longer than the two changes of threads.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Aside:
    """So many threads, started as they are needed. From any thread."""

    def __init__(self, threads: int) -> None:
        self._free = threading.Semaphore(threads)
        self._threads = ThreadPoolExecutor(max(1, threads), "index-aside")

    def begin(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin the work if a thread is free; return what waits for its result, or else does it.

        The work must not read what belongs to the caller's thread, such as a connection.
        """
        if not self._free.acquire(blocking=False):
            return work
        ticket = [work]

        def redeem() -> T:
            return ticket.pop()()

        try:
            future = self._threads.submit(redeem)
        except RuntimeError:  # no thread could be started, or the interpreter ends; the pool keeps what it got
            ticket.clear()
            self._free.release()
            return work
        future.add_done_callback(lambda _: self._free.release())
        return future.result
