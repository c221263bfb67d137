"""Has a part of a search done on another thread, while the search goes on with another part.

Only what lets go of the interpreter gains by it, and only where it takes longer than the two changes of threads.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class Aside:
    """So many threads at a time, one for each work: to start one takes a hundredth of what such work takes."""

    def __init__(self, threads: int) -> None:
        self._free = threading.Semaphore(threads)

    def begin(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin the work if a thread is free; return what waits for its result, or else does it.

        The work must not read what belongs to the caller's thread, such as a connection.
        """
        if not self._free.acquire(blocking=False):
            return work
        future: Future[T] = Future()
        try:
            threading.Thread(target=self._do, args=(work, future), name="index-aside", daemon=True).start()
        except RuntimeError:  # none can be started
            self._free.release()
            return work
        return future.result

    def _do(self, work: Callable[[], T], future: Future[T]) -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - outermost frame: the caller must learn of it
            future.set_exception(error)
        finally:
            self._free.release()
