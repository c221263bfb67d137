"""The index on its own threads: the event loop never waits for a disk.

Clients take turns on its threads: what may take long gives way to others while it runs, and has other threads than what
is brief, and than what hands writes to the index's single writer. What nobody waits for any more stops; writes that are
handed over complete. Collections are created, dropped and reindexed one after the other on another thread. The index's
errors are raised as the contract's.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import index
from index import Collection, Index, IndexRoomError, watched
from server.contract import errors
from server.contract.errors import ServerError
from server.documents.handing import Handing
from server.settings import MEMORY
from server.turns import TURN_S, Turns

MIN_THREADS = 2
# Searches that are begun, most of which wait for others; each has a connection of two descriptors.
BEGUN, BRIEF_THREADS = 12, 1
# What is brief, as it is estimated before it is measured.
BRIEF_S = TURN_S / 10
ERRORS: dict[type[IndexRoomError], type[ServerError]] = {
    index.UnknownCollectionError: errors.UnknownCollectionError,
    index.DocumentError: errors.DocumentError,
    index.VectorError: errors.VectorError,
    index.FilterError: errors.FilterError,
    index.QueryError: errors.QueryError,
    index.CollectionNameError: errors.CollectionNameError,
    index.CollectionSettingsError: errors.CollectionSettingsError,
    index.FingerprintError: errors.FingerprintError,
    index.StorageFullError: errors.StorageFullError,
    index.ClosedError: errors.ClosedError,
    index.ReopenedError: errors.ClosedError,
}

P = ParamSpec("P")
T = TypeVar("T")


def open_library(data: Path, binding: tuple[str, int, str], cores: int, recall: float) -> "Library":
    """Open the index; `binding` is the model's fingerprint, its dimensions and its variant's fingerprint.

    `recall` is the share of the ten nearest that searches must find.

    Raises:
        IndexRoomError: another process has the folder, it cannot be written, or its files are damaged.
    """
    fingerprint, dimensions, variant = binding
    folder = None if data == MEMORY else data
    opened = Index(folder, fingerprint, dimensions, variant, recall=recall)
    opened.use_cores(cores)
    return Library(opened, max(MIN_THREADS, cores), pausing=folder is not None)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise the contract's errors in place of the index's."""
    try:
        yield
    except IndexRoomError as error:
        raise error_for(error) from error


def error_for(error: IndexRoomError) -> ServerError:
    return ERRORS.get(type(error), errors.IndexFaultError)(str(error))


class Library:
    """Used from one event loop. Up to `threads` searches run at once, however many are begun.

    `pausing` lets those that are begun wait for others; in memory a reader that waits would hold up the writer.
    """

    def __init__(self, index: Index, threads: int, *, pausing: bool = False) -> None:
        self.index = index
        self._pausing = pausing
        self._long = Turns("index-read", running=min(threads, BEGUN), most=BEGUN)
        self._brief = Turns("index-brief", running=BRIEF_THREADS)
        self._writing = Turns("index-write")
        self._handing = Handing()
        self._manager = ThreadPoolExecutor(1, "index-manage")
        self._closing = False

    def collection(self, name: str) -> Collection:
        """Return a collection.

        Raises:
            UnknownCollectionError: there is no collection with this name.
        """
        with translated_errors():
            return self.index.collection(name)

    def writable(self, name: str) -> Collection:
        """Return a collection that accepts vectors of this model, or raise FingerprintError."""
        with translated_errors():
            collection = self.index.collection(name)
            collection.check_writable()
        return collection

    async def run(self, client: str, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Call a brief function, of a few documents or by their ids, on a thread."""
        return await self._turn(self._brief, client, partial(function, *arguments, **named), BRIEF_S)

    async def find(self, client: str, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Call a function that searches, or works on as many documents as there are, on a thread."""
        return await self._turn(self._long, client, partial(function, *arguments, **named), TURN_S)

    async def manage(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Call a function that works on a whole collection on the thread for these."""
        with self._translated():
            return await asyncio.get_running_loop().run_in_executor(
                self._manager, partial(function, *arguments, **named)
            )

    async def _turn(self, turns: Turns, client: str, function: Callable[[], T], likely_s: float) -> T:
        left = False

        def watch() -> bool:
            if self._pausing and not left:
                turns.give_way()
            return left

        def call() -> T:
            with watched(watch):
                return function()

        try:
            with self._translated():
                return await turns.run(client, call, likely_s)
        except asyncio.CancelledError:
            left = True
            raise

    async def commit(
        self, writer: tuple[str, int], submit: Callable[P, Future[T]], *arguments: P.args, **named: P.kwargs
    ) -> T:
        """Submit a write, and return its result once it is on the disk.

        `writer` is the client, and how many documents it writes. A write that is handed over completes even if the
        caller leaves meanwhile.
        """
        done = await self._handing.enter(*writer)
        handed = asyncio.ensure_future(self._commit(writer[0], partial(submit, *arguments, **named)))
        handed.add_done_callback(lambda _: done())
        return await asyncio.shield(handed)

    async def _commit(self, client: str, submit: Callable[[], Future[T]]) -> T:
        with self._translated():
            return await asyncio.wrap_future(await self._writing.run(client, submit, BRIEF_S))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IndexRoomError as error:
            raise self._error_for(error) from error

    def _error_for(self, error: IndexRoomError) -> ServerError:
        """Return the contract's error; a closed collection of an index that is open and well was dropped."""
        if type(error) is index.ClosedError and not self._closing and self.index.well:
            return errors.UnknownCollectionError("the collection was dropped meanwhile")
        return error_for(error)

    def close(self) -> None:
        """Finish what was submitted, then close the files. Blocks."""
        self._closing = True
        self._manager.shutdown()
        for turns in (self._long, self._brief, self._writing):
            turns.close(wait=True)
        self.index.close()
