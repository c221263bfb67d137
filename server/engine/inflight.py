"""Texts that requests are computing, so that others with the same text can wait for one instead.

A request waits for its own client's, and for another's once its run has begun: before that, the text waits where its
client's turn is, which may be long after the turn of the one who asks. Keys are the cache's. Used from the event loop
only. Each waiter gets the embedding, or the error if this text itself failed, or None where the first caller left, ran
out of time or was refused; then the text is computed again.
"""

import asyncio
from collections.abc import Iterable, Mapping

from server.contract.errors import ServerError
from server.engine.cache import CachedEmbedding, CacheKey
from server.engine.scheduling.job import Job

Outcome = CachedEmbedding | ServerError | None


class Flight:
    """The texts that one request computes, each with a future once somebody else waits for it."""

    __slots__ = ("client", "futures", "job")

    def __init__(self, client: str, keys: Iterable[CacheKey]) -> None:
        self.client = client
        self.job: Job | None = None  # once it is queued
        self.futures: dict[CacheKey, asyncio.Future[Outcome] | None] = dict.fromkeys(keys)

    def takes(self, client: str) -> bool:
        """Return whether a client's requests may wait for this one."""
        return client == self.client or (self.job is not None and self.job.begun)


class InFlight:
    """The flights of each text by its key: several where clients came before the other's run began."""

    def __init__(self) -> None:
        self.joined = 0
        self._flights: dict[CacheKey, list[Flight]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def begin(self, keys: Iterable[CacheKey], client: str) -> Flight:
        """Note that these are being computed for a client."""
        flight = Flight(client, keys)
        for key in flight.futures:
            self._flights.setdefault(key, []).append(flight)
        return flight

    def join(self, key: CacheKey, client: str) -> asyncio.Future[Outcome] | None:
        """Return a future to wait for with asyncio.wait, since awaiting it directly would cancel it for all.

        None where nobody computes the text whom this client may wait for.
        """
        flight = next((one for one in self._flights.get(key, ()) if one.takes(client)), None)
        if flight is None:
            return None
        self.joined += 1
        future = flight.futures[key]
        if future is None:
            future = flight.futures[key] = asyncio.get_running_loop().create_future()
        return future

    def finish(self, flight: Flight, outcomes: Mapping[CacheKey, Outcome]) -> None:
        """End a flight, and give the outcomes to those that wait: None for a text that is not among them."""
        for key, future in flight.futures.items():
            flights = self._flights[key]
            flights.remove(flight)
            if not flights:
                del self._flights[key]
            if future is not None and not future.done():
                future.set_result(outcomes.get(key))
