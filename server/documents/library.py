"""The index on its own threads: the event loop never waits for a disk.

Reads and searches run on a few threads. Writes go to the index's single writer, and complete even if the caller leaves.
Collections are created, dropped and reindexed one after the other on another thread. The index's errors are raised as
the contract's.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import index
from index import Collection, Index, IndexRoomError
from server.contract import errors
from server.contract.errors import ServerError
from server.settings import MEMORY

MIN_THREADS = 2
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


def open_library(data: Path, binding: tuple[str, int, str], cores: int) -> "Library":
    """Open the index; `binding` is the model's fingerprint, its dimensions and its variant's fingerprint.

    Raises:
        IndexRoomError: another process has the folder, it cannot be written, or its files are damaged.
    """
    fingerprint, dimensions, variant = binding
    folder = None if data == MEMORY else data
    return Library(Index(folder, fingerprint, dimensions, variant), max(MIN_THREADS, cores))


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
    def __init__(self, index: Index, threads: int) -> None:
        self.index = index
        self._threads = ThreadPoolExecutor(threads, "index-read")
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

    async def run(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Call a function that waits for a disk, or computes for a while, on a thread."""
        return await self._run(self._threads, partial(function, *arguments, **named))

    async def manage(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Call a function that works on a whole collection on the thread for these."""
        return await self._run(self._manager, partial(function, *arguments, **named))

    async def _run(self, threads: ThreadPoolExecutor, function: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, function)
        except IndexRoomError as error:
            raise self._error_for(error) from error

    async def commit(self, submit: Callable[P, Future[T]], *arguments: P.args, **named: P.kwargs) -> T:
        """Submit a write, and return its result once it is on the disk.

        A write completes even if the caller leaves meanwhile.
        """
        return await asyncio.shield(self._commit(submit, *arguments, **named))

    async def _commit(self, submit: Callable[P, Future[T]], *arguments: P.args, **named: P.kwargs) -> T:
        submitted = await self.run(submit, *arguments, **named)
        try:
            return await asyncio.wrap_future(submitted)
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
        self._threads.shutdown()
        self.index.close()
