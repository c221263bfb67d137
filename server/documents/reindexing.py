"""Has collections embedded anew, in the background, while everything that can goes on; at the end all vectors change.

Cut off at any time, it goes on where it was when it is asked for again.
"""

import asyncio
import logging
import weakref
from collections.abc import Sequence
from functools import partial

import msgspec

from index import Collection, IndexRoomError, Reindex
from server.contract.embedding import Demand, Rows
from server.contract.errors import DeadlineError, Failure, RetryLaterError, ServerError, UnexpectedError, failure_of
from server.documents.library import Library, error_for
from server.engine.embedder import Embedder
from server.logs import places

GROUP_DOCUMENTS = 64
# Its texts share the server fairly with those of everybody else.
DEMAND = Demand(cache=False, truncate=True, client="reindex")

log = logging.getLogger("vecd")


class Exchange(msgspec.Struct):
    """One collection's, and what stopped it, if something did. One that was dropped is not kept for it."""

    collection: weakref.ref[Collection]
    task: asyncio.Task[None] | None = None
    failure: Failure | None = None

    @property
    def running(self) -> bool:
        """Say whether it goes on."""
        return self.task is not None and not self.task.done()


class Reindexing:
    """The exchanges of this process, by collection. Used from the event loop alone."""

    def __init__(self, library: Library, embedder: Embedder, prompt: str | None) -> None:
        self._library = library
        self._embedder = embedder
        self._prompt = prompt
        self._exchanges: dict[str, Exchange] = {}

    def of(self, name: str) -> Exchange | None:
        """Return the last exchange of a collection, unless it came to its end."""
        found = self._exchanges.get(name)
        told = found is not None and (found.running or found.failure is not None) and self._is_of(found, name)
        return found if told else None

    def _is_of(self, exchange: Exchange, name: str) -> bool:
        """Say whether it is of the collection that has this name now: others may have had it, and were dropped."""
        try:
            return exchange.collection() is self._library.collection(name)
        except ServerError:
            return False

    def start(self, name: str) -> None:
        """Begin, or go on, unless that is being done already.

        Raises:
            UnknownCollectionError: there is no collection of this name.
        """
        collection = self._library.collection(name)
        found = self._exchanges.get(name)
        if found is not None and found.running and self._is_of(found, name):
            return
        exchange = self._exchanges[name] = Exchange(weakref.ref(collection))
        exchange.task = asyncio.create_task(self._run(collection))
        exchange.task.add_done_callback(partial(self._ended, name, exchange))

    def forget(self, name: str) -> None:
        """End the exchange of a collection that was dropped, and forget it."""
        found = self._exchanges.get(name)
        if found is None or self._is_of(found, name):
            return
        del self._exchanges[name]
        if found.task is not None:
            found.task.cancel()

    async def stop(self) -> None:
        """Leave all exchanges as they are."""
        tasks = [one.task for one in self._exchanges.values() if one.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, name: str, exchange: Exchange, task: asyncio.Task[None]) -> None:
        """Keep why an exchange failed, for whoever asks how far it is, and nothing else of it."""
        exchange.task = None
        error = None if task.cancelled() else task.exception()
        if error is not None and exchange.collection() is not None:
            exchange.failure = _failure(name, error)
        elif self._exchanges.get(name) is exchange:
            del self._exchanges[name]

    async def _run(self, collection: Collection) -> None:
        library = self._library
        group = min(GROUP_DOCUMENTS, self._embedder.max_texts)
        reindex: Reindex = await library.manage(collection.reindex)
        while not await library.manage(reindex.finish):  # documents may have come meanwhile
            while pairs := await library.run(reindex.texts, group):
                rows = await self._embed([text for _, text in pairs])
                keys = (key for key, _ in pairs)
                await library.commit(reindex.put, dict(zip(keys, rows, strict=True)))

    async def _embed(self, texts: Sequence[str]) -> Rows:
        # Not held to a request's limits: a document that was kept under others must not stop it.
        prompted = self._embedder.prompted(texts, self._prompt)
        while True:
            try:
                return (await self._embedder.engine.embed(prompted, DEMAND)).rows
            except (RetryLaterError, DeadlineError) as error:  # nobody waits for this; it can wait for everybody
                await asyncio.sleep(error.retry_after_s if isinstance(error, RetryLaterError) else 1)


def _failure(name: str, error: BaseException) -> Failure:
    """Log why an exchange ended; return what a client may know of it."""
    if isinstance(error, IndexRoomError):
        error = error_for(error)
    if isinstance(error, ServerError):
        log.error("the collection %s could not be reindexed: %s", name, error)
        return failure_of(error)
    log.error("reindexing %s: unexpected %s at %s", name, type(error).__name__, places(error))
    return failure_of(UnexpectedError("an unexpected error"))
