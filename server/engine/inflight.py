"""Texts that one request is computing, so that others with the same text can wait for it instead.

Keys are the cache's. Used from the event loop only. Each waiter gets the embedding, or the error if this text itself
failed, or None where the first caller left, ran out of time or was refused; then the text is computed again.
"""

import asyncio
from collections.abc import Iterable, Mapping

from server.contract.errors import ServerError
from server.engine.cache import CachedEmbedding, CacheKey

Outcome = CachedEmbedding | ServerError | None


class InFlight:
    """The texts in flight by key, each with a future once somebody else waits for it."""

    def __init__(self) -> None:
        self.joined = 0
        self._futures: dict[CacheKey, asyncio.Future[Outcome] | None] = {}

    def __len__(self) -> int:
        return len(self._futures)

    def __contains__(self, key: CacheKey) -> bool:
        return key in self._futures

    def begin(self, keys: Iterable[CacheKey]) -> None:
        """Note that these are being computed."""
        self._futures.update(dict.fromkeys(keys))

    def join(self, key: CacheKey) -> asyncio.Future[Outcome]:
        """Return a future to wait for with asyncio.wait; awaiting it directly would cancel it for all."""
        self.joined += 1
        future = self._futures[key]
        if future is None:
            future = self._futures[key] = asyncio.get_running_loop().create_future()
        return future

    def finish(self, outcomes: Mapping[CacheKey, Outcome]) -> None:
        """End the computation of these texts, and give their outcomes to those that wait."""
        for key, outcome in outcomes.items():
            future = self._futures.pop(key, None)
            if future is not None and not future.done():
                future.set_result(outcome)
