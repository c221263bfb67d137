"""Work that several wait for at once: done for the first of them, and cancelled once all have left.

Whoever asks waits for work of the own client's, and for another's once it has begun: before that it stands in the line
of its client, which may be long.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

# Makes the work; it is given what is to be called, from any thread, as soon as the work has begun.
Start = Callable[[Callable[[], None]], Coroutine[Any, Any, T]]


class _Work(Generic[T]):
    def __init__(self, client: str, start: Start[T]) -> None:
        self._client = client
        self._begun = False
        self.task = asyncio.create_task(start(self._begin))
        self.waiting = 0

    def _begin(self) -> None:
        self._begun = True

    def takes(self, client: str) -> bool:
        """Return whether a client may wait for this."""
        return self._begun or client == self._client


class Sharing(Generic[T]):
    """Used from one event loop. Under a key are several where clients came before another's had begun."""

    def __init__(self) -> None:
        self._works: dict[Hashable, list[_Work[T]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._works.values()))

    async def join(self, key: Hashable, client: str, start: Start[T]) -> T:
        """Return the result, or raise the error, of work that is there under this key, or of what this starts."""
        works = self._works.setdefault(key, [])
        work = next((one for one in works if one.takes(client)), None)
        if work is None:
            work = _Work(client, start)
            works.append(work)
        work.waiting += 1
        try:
            return await asyncio.shield(work.task)
        finally:
            work.waiting -= 1
            if work in works and (work.task.done() or not work.waiting):
                self._end(key, works, work)

    def _end(self, key: Hashable, works: list[_Work[T]], work: _Work[T]) -> None:
        works.remove(work)
        if not works:
            del self._works[key]
        work.task.cancel()
