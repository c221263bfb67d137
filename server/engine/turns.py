"""A thread whose clients take turns: whoever has had the least of its time is next, and a short task before a long one.

Self-clocked fair queueing as in `scheduling/fairness.py`, in seconds of the thread's own processor time: what a task
will take is estimated for its place, and charged as it was measured.
"""

import asyncio
import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
# What takes longer is cut into turns of about this time.
TURN_S = 0.005


class _Task(msgspec.Struct):
    future: Future[Any]
    call: Callable[[], Any]
    likely_s: float


class _Line:
    """One client's waiting tasks, by its own clock when each would be done if all of them were served at once."""

    __slots__ = ("clock_s", "tasks")

    def __init__(self) -> None:
        self.clock_s = 0.0
        self.tasks: list[tuple[float, int, _Task]] = []


class Turns:
    """One thread for the tasks of all clients."""

    def __init__(self, name: str, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._waiting: dict[str, _Line] = {}
        self._arrivals = itertools.count()
        self._clock_s = 0.0
        # The clock when a client came, plus what it was charged since; of clients that are behind the clock nothing.
        self._charged_s: dict[str, float] = {}

    async def run(self, client: str, call: Callable[[], T], likely_s: float = TURN_S) -> T:
        """Return what `call` returns once it has had its turn; a task whose caller leaves before is not begun."""
        task = _Task(Future(), call, min(likely_s, TURN_S))
        with self._lock:
            line = self._waiting.setdefault(client, _Line())
            heapq.heappush(line.tasks, (line.clock_s + task.likely_s, next(self._arrivals), task))
        self._thread.submit(self._take_turn)
        found: T = await asyncio.wrap_future(task.future)
        return found

    def close(self) -> None:
        """Begin no more tasks; those that wait are cancelled."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            tasks = [task for line in self._waiting.values() for _, _, task in line.tasks]
            self._waiting.clear()
        for task in tasks:
            task.future.cancel()

    def _take_turn(self) -> None:
        """Run the task whose turn it is: each call of this has one, unless the thread is being closed."""
        with self._lock:
            if not self._waiting:
                return
            client = min(self._waiting, key=self._end_s)
            line = self._waiting[client]
            line.clock_s, _, task = heapq.heappop(line.tasks)
            if not line.tasks:
                del self._waiting[client]
            start_s = self._start_s(client)
            self._clock_s = max(self._clock_s, start_s)
        began_s = self._clock()
        if task.future.set_running_or_notify_cancel():
            _fulfil(task)
        with self._lock:
            self._charged_s[client] = start_s + self._clock() - began_s
            # Whoever had the thread while nobody wanted it owes nothing.
            clock_s = self._clock_s if self._waiting else float("inf")
            self._charged_s = {one: at_s for one, at_s in self._charged_s.items() if at_s > clock_s}

    def _start_s(self, client: str) -> float:
        return max(self._clock_s, self._charged_s.get(client, 0.0))

    def _end_s(self, client: str) -> float:
        """Return the clock at which the client's next task would be done if all were served at once."""
        return self._start_s(client) + self._waiting[client].tasks[0][2].likely_s


def _fulfil(task: _Task) -> None:
    try:
        found = task.call()
    except BaseException as error:  # noqa: BLE001 - outermost frame: the caller must learn of it
        task.future.set_exception(error)
    else:
        task.future.set_result(found)
