"""Work that several wait for at once: begun for the first of them, and cancelled once all have left."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class _Work(Generic[T]):
    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.waiting = 0


class Sharing(Generic[T]):
    """Used from one event loop."""

    def __init__(self) -> None:
        self._begun: dict[Hashable, _Work[T]] = {}

    def __len__(self) -> int:
        return len(self._begun)

    async def join(self, key: Hashable, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result, or raise the error, of what somebody has begun under this key, or of what this begins."""
        work = self._begun.get(key)
        if work is None:
            work = self._begun[key] = _Work(asyncio.create_task(begin()))
        work.waiting += 1
        try:
            return await asyncio.shield(work.task)
        finally:
            work.waiting -= 1
            if self._begun.get(key) is work and (work.task.done() or not work.waiting):
                del self._begun[key]
                work.task.cancel()
