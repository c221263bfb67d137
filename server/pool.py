"""Threads that take calls in the order in which they come, started as they are needed, where the system has some left.

concurrent.futures' pool keeps a call that it finds no thread for, and starts too few threads ever after.
"""

import threading
from collections import deque
from collections.abc import Callable

Call = Callable[[], None]


class Pool:
    """So many threads at most. From any thread; a call must not raise."""

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = most, name
        self._calls: deque[Call] = deque()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._idle, self._closed = 0, False

    def submit(self, call: Call, *, by_caller: bool = False) -> None:
        """Have a thread make a call; one of the pool's own may say that it will be free for it itself.

        Raises:
            RuntimeError: none is free and none can be started; the call is not made.
        """
        with self._changed:
            self._calls.append(call)
            if self._idle < len(self._calls) and len(self._threads) < self._most:
                try:
                    self._start()
                except RuntimeError:
                    if not by_caller:
                        self._calls.pop()
                        raise
            self._changed.notify()

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name=f"{self._name}_{len(self._threads)}", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _work(self) -> None:
        while (call := self._next()) is not None:
            call()
            del call  # or what it refers to would stay until the next one

    def _next(self) -> Call | None:
        with self._changed:
            self._idle += 1
            try:
                self._changed.wait_for(lambda: self._calls or self._closed)
                return self._calls.popleft() if self._calls else None
            finally:
                self._idle -= 1

    def shutdown(self, wait: bool) -> None:
        """Have the threads end once all calls are made, and wait for that if it is wanted."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads if wait else ():
            thread.join()
