"""Threads whose clients take turns: whoever had least of their time is next, and a short task before a long one.

Self-clocked fair queueing, in seconds of the threads' own processor time: what a task
will take is estimated for its place, and charged as it was measured. A task that is begun may give way.
"""

import asyncio
import heapq
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

import msgspec

from server.pool import Pool

T = TypeVar("T")
# What takes longer is cut into turns of about this time.
TURN_S = 0.005


class _Task(msgspec.Struct, eq=False):
    """`resumed` is there once it is begun; `began_s` is when its turn began, by its thread's clock."""

    client: str
    future: Future[Any]
    call: Callable[[], Any]
    likely_s: float
    resumed: threading.Event | None = None
    began_s: float = 0.0
    taken_s: float = 0.0


_Entry = tuple[float, int, _Task]


class _Line:
    """One client's waiting tasks, by its own clock when each would be done if all of them were served at once."""

    __slots__ = ("begun", "clock_s", "fresh")

    def __init__(self) -> None:
        self.clock_s = 0.0
        self.begun: list[_Entry] = []
        self.fresh: list[_Entry] = []

    @property
    def tasks(self) -> list[_Task]:
        return [task for _, _, task in (*self.begun, *self.fresh)]

    def add(self, task: _Task, number: int) -> None:
        entry = (self.clock_s + task.likely_s, number, task)
        heapq.heappush(self.begun if task.resumed is not None else self.fresh, entry)

    def first(self, *, may_begin: bool) -> _Task | None:
        """Return the task that is next, of those that are begun where no other may be."""
        firsts = [*self.begun[:1], *(self.fresh[:1] if may_begin else [])]
        return min(firsts)[2] if firsts else None

    def take(self, task: _Task) -> None:
        """Remove the first task."""
        self.clock_s, _, _ = heapq.heappop(self.begun if task.resumed is not None else self.fresh)


class Turns:
    """So many tasks of all clients run at once; at most `most` are begun, those that gave way and wait included.

    One client has no more than a quarter of the places, or as many as run at once, and never the last one that is free.
    """

    def __init__(
        self, name: str, clock: Callable[[], float] = time.thread_time, running: int = 1, most: int | None = None
    ) -> None:
        self._clock = clock
        self._running = self._room = running
        self._unbegun = running if most is None else most
        self._most_of_one = max(1, min(running, self._unbegun - 1), self._unbegun // 4)
        self._begun: Counter[str] = Counter()
        self._threads = Pool(self._unbegun, name)
        self._lock = threading.Lock()
        self._waiting: dict[str, _Line] = {}
        self._arrivals = itertools.count()
        self._clock_s = 0.0
        # The clock when a client came, plus what it was charged since; of clients that are behind the clock nothing.
        self._charged_s: dict[str, float] = {}
        self._mine = threading.local()
        self._closed = False

    async def run(self, client: str, call: Callable[[], T], likely_s: float = TURN_S) -> T:
        """Return what `call` returns once it has had its turn; a task whose caller leaves before is not begun."""
        task = _Task(client, Future(), call, min(likely_s, TURN_S))
        with self._lock:
            if self._closed:
                raise asyncio.CancelledError
            self._wait(task)
            self._begin()
            if self._room == self._running and self._waiting:  # nobody would ever begin it
                self._withdraw(task)
                message = "no thread can be started"
                raise RuntimeError(message)
        found: T = await asyncio.wrap_future(task.future)
        return found

    def give_way(self) -> None:
        """Let others go before the task of this thread once it has had its turn; return when it goes on."""
        task: _Task | None = getattr(self._mine, "task", None)
        if task is None or self._clock() - task.began_s < TURN_S:
            return
        with self._lock:
            self._charge(task)
            if self._next() is None:
                return
            resumed = task.resumed = threading.Event()
            self._wait(task)
            self._room += 1
            self._begin()
        resumed.wait()
        task.began_s = self._clock()

    def close(self, *, wait: bool = False) -> None:
        """Begin no more tasks; those that wait are cancelled, those that are begun go on, and may be waited for."""
        with self._lock:
            self._closed = True
            tasks = [task for line in self._waiting.values() for task in line.tasks]
            self._waiting.clear()
            self._room -= sum(task.resumed is not None for task in tasks)
        for task in tasks:
            if task.resumed is None:
                task.future.cancel()
            else:
                task.resumed.set()
        self._threads.shutdown(wait)

    def _wait(self, task: _Task) -> None:
        self._waiting.setdefault(task.client, _Line()).add(task, next(self._arrivals))

    def _begin(self, *, leaving: bool = False) -> None:
        """Have as many tasks run as there is room for, those first whose turn it is.

        Where no thread can be started for one, it waits on, and one that has given way goes on; unless the calling
        thread is `leaving` its task, and takes the next one.
        """
        may_start = True
        while self._room > 0 and (task := self._next(may_start=may_start)) is not None:
            if task.resumed is None and not self._started(task, leaving=leaving):
                may_start = False
                continue
            client, line = task.client, self._waiting[task.client]
            line.take(task)
            if not (line.begun or line.fresh):
                del self._waiting[client]
            # Until it is measured it is charged as estimated, lest one client get all threads at once.
            start_s = self._start_s(client)
            self._clock_s = max(self._clock_s, start_s)
            self._charged_s[client] = start_s + task.likely_s
            task.taken_s = -task.likely_s
            self._room -= 1
            if task.resumed is not None:
                task.resumed.set()
            else:
                self._unbegun -= 1
                self._begun[client] += 1

    def _started(self, task: _Task, *, leaving: bool) -> bool:
        """Have a thread take a task, which begins once the lock is free; return whether one will."""
        try:
            self._threads.submit(partial(self._serve, task), by_caller=leaving)
        except RuntimeError:  # the system has no more threads
            return False
        return True

    def _withdraw(self, task: _Task) -> None:
        line = self._waiting[task.client]
        line.fresh = [entry for entry in line.fresh if entry[2] is not task]
        heapq.heapify(line.fresh)
        if not (line.begun or line.fresh):
            del self._waiting[task.client]

    def _next(self, *, may_start: bool = True) -> _Task | None:
        """Return the task whose turn it is, of those that are begun where no other may be."""
        firsts = list[_Task]()
        for client, line in self._waiting.items():
            may_begin = may_start and self._unbegun > 0 and self._begun[client] < self._most_of_one
            if (task := line.first(may_begin=may_begin)) is not None:
                firsts.append(task)
        # By the clock at which it would be done if all were served at once.
        return min(firsts, key=lambda task: self._start_s(task.client) + task.likely_s, default=None)

    def _serve(self, task: _Task) -> None:
        task.began_s, self._mine.task = self._clock(), task
        settle = _done(task) if task.future.set_running_or_notify_cancel() else None
        try:
            self._leave(task)
        finally:
            if settle is not None:  # the last step, so that whoever comes next finds all charged
                settle()

    def _leave(self, task: _Task) -> None:
        with self._lock:
            self._charge(task)
            self._mine.task = None
            self._room += 1
            self._unbegun += 1
            self._begun[task.client] -= 1
            if not self._begun[task.client]:
                del self._begun[task.client]
            self._begin(leaving=True)
            # Whoever had the threads while nobody wanted them owes nothing.
            clock_s = self._clock_s if self._waiting else float("inf")
            self._charged_s = {one: at_s for one, at_s in self._charged_s.items() if at_s > clock_s}

    def _charge(self, task: _Task) -> None:
        """Charge what the task took since its turn began, in place of what was estimated."""
        now_s = self._clock()
        charged_s = self._charged_s.get(task.client, self._clock_s)
        self._charged_s[task.client] = charged_s + task.taken_s + now_s - task.began_s
        task.began_s, task.taken_s = now_s, 0.0

    def _start_s(self, client: str) -> float:
        return max(self._clock_s, self._charged_s.get(client, 0.0))


def _done(task: _Task) -> Callable[[], None]:
    """Do a task, and return what tells its caller."""
    try:
        found = task.call()
    except BaseException as error:  # noqa: BLE001 - outermost frame: the caller must learn of it
        return partial(task.future.set_exception, error)
    return partial(task.future.set_result, found)
