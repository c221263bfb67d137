"""Embeds collections again, in the background, while they are in use; at the end all vectors change at once.

Reindexing that was interrupted continues where it was when it is started again.
"""

import asyncio
import logging
import weakref
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from index import Collection, IndexRoomError, Lacking, Passages, Reindex
from server.contract.embedding import Demand, Embeddings
from server.contract.errors import DeadlineError, Failure, RetryLaterError, ServerError, UnexpectedError, failure_of
from server.documents.computing import Cuttings, Ranges, computed, ranges_of, same_ranges
from server.documents.library import Library, error_for
from server.engine.embedder import Embedder
from server.logs import origin_of

GROUP_DOCUMENTS = 64
# As a client of its own it shares the server fairly with all others.
DEMAND = Demand(cache=False, truncate=True, client="reindex")

log = logging.getLogger("vecd")

T = TypeVar("T")


class ReindexTask(msgspec.Struct):
    """The reindexing of one collection, which is referenced weakly, since it may be dropped meanwhile."""

    collection: weakref.ref[Collection]
    task: asyncio.Task[None] | None = None
    failure: Failure | None = None

    @property
    def running(self) -> bool:
        return self.task is not None and not self.task.done()


class Reindexing:
    """The reindexing tasks of this process, by collection. Used from the event loop only."""

    def __init__(self, library: Library, embedder: Embedder, cuttings: Cuttings, prompt: str | None) -> None:
        self._library = library
        self._embedder = embedder
        self._cuttings = cuttings
        self._prompt = prompt
        self._tasks: dict[str, ReindexTask] = {}

    def task_of(self, name: str) -> ReindexTask | None:
        """Return the task of a collection that is running or has failed."""
        found = self._tasks.get(name)
        if found is None or not (found.running or found.failure is not None):
            return None
        return found if self._is_of(found, name) else None

    def _is_of(self, one: ReindexTask, name: str) -> bool:
        """Return whether a task is that of the collection that has this name now, not of one dropped before."""
        try:
            return one.collection() is self._library.collection(name)
        except ServerError:
            return False

    def start(self, name: str) -> None:
        """Start or continue to reindex a collection, unless that is running already.

        Raises:
            UnknownCollectionError: there is no collection with this name.
        """
        collection = self._library.collection(name)
        found = self._tasks.get(name)
        if found is not None and found.running and self._is_of(found, name):
            return
        started = self._tasks[name] = ReindexTask(weakref.ref(collection))
        started.task = asyncio.create_task(self._run(collection))
        started.task.add_done_callback(partial(self._ended, name, started))

    def forget(self, name: str) -> None:
        """Cancel and remove the task of a collection that was dropped."""
        found = self._tasks.get(name)
        if found is None or self._is_of(found, name):
            return
        del self._tasks[name]
        if found.task is not None:
            found.task.cancel()

    async def stop(self) -> None:
        """Cancel all tasks; what they have done stays."""
        tasks = [one.task for one in self._tasks.values() if one.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, name: str, ended: ReindexTask, task: asyncio.Task[None]) -> None:
        """Keep the failure, which the collection's state shows, and remove a task that did not fail."""
        ended.task = None
        error = None if task.cancelled() else task.exception()
        if error is not None and ended.collection() is not None:
            ended.failure = _failure(name, error)
        elif self._tasks.get(name) is ended:
            del self._tasks[name]

    async def _run(self, collection: Collection) -> None:
        library = self._library
        group = min(GROUP_DOCUMENTS, self._embedder.max_texts)
        reindex: Reindex = await library.manage(collection.reindex)
        while not await library.manage(reindex.finish):  # documents may have come meanwhile
            while lacking := await library.find(DEMAND.client, reindex.texts, group):
                found = await self._computed(collection, lacking)
                await library.commit((DEMAND.client, len(found)), reindex.put, found)

    async def _computed(self, collection: Collection, lacking: Sequence[Lacking]) -> dict[int, Passages]:
        """Return the passages of each document, those that it has where they would be the same."""
        how = cutting, number = self._cuttings.of(collection)
        texts = [one.text for one in lacking]
        ranges = (
            [Ranges() for _ in texts]
            if cutting is None
            else await ranges_of(texts, cutting, self._measure, DEMAND.client)
        )
        every = list(zip(lacking, ranges, strict=True))
        done = {
            one.key: msgspec.structs.replace(one.passages, cutting=number)
            for one, at in every
            if one.passages and same_ranges(one.passages, at)
        }
        new = [(one, at) for one, at in every if one.key not in done]
        found, _ = await computed([one.text for one, _ in new], [at for _, at in new], how, self._embed)
        return done | {one.key: result.passages for (one, _), result in zip(new, found, strict=True)}

    async def _measure(self, texts: Sequence[str]) -> tuple[list[int], list[bool]]:
        prompted = self._embedder.prompted(texts, self._prompt)
        encodings = await patiently(lambda: self._embedder.engine.measure(prompted, DEMAND))
        return [len(one.ids) for one in encodings], [one.truncated for one in encodings]

    async def _embed(self, texts: Sequence[str]) -> Embeddings:
        # Without the limits of a request: a document that was stored under other limits must not stop it.
        prompted = self._embedder.prompted(texts, self._prompt)
        return await patiently(lambda: self._embedder.engine.embed(prompted, DEMAND))


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Call until there is room: no client waits for this, so it can wait."""
    while True:
        try:
            return await call()
        except (RetryLaterError, DeadlineError) as error:
            await asyncio.sleep(error.retry_after_s if isinstance(error, RetryLaterError) else 1)


def _failure(name: str, error: BaseException) -> Failure:
    """Log why reindexing failed; return what a client may know about it."""
    if isinstance(error, IndexRoomError):
        error = error_for(error)
    if isinstance(error, ServerError):
        log.error("the collection %s could not be reindexed: %s", name, error)
        return failure_of(error)
    log.error("reindexing %s: unexpected %s at %s", name, type(error).__name__, origin_of(error))
    return failure_of(UnexpectedError("an unexpected error"))
