"""The index on threads of its own: the event loop never waits for a disk.

What reads or searches runs on a few threads; what writes goes to the index's one writer, and whoever waits for the
commit may leave without taking it back. Whole collections are made, dropped and exchanged on a thread of its own, one
after the other: that takes as long as they are large, and holds up nobody who reads.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from index import ClosedError, Collection, Index, IndexRoomError, UnknownCollectionError
from models import Manifest

# What stands for the data folder where nothing is to be kept.
MEMORY = Path(":memory:")
LEAST_THREADS = 2

P = ParamSpec("P")
T = TypeVar("T")


def open_library(data: Path, manifest: Manifest, variant: str, cores: int) -> "Library":
    """Open the index for a model's vectors; `variant` is the fingerprint of what computes them.

    Raises:
        IndexRoomError: another process has the folder, it cannot be written, or what lies there is damaged.
    """
    folder = None if data == MEMORY else data
    index = Index(folder, manifest.model_fingerprint, manifest.dimensions, variant)
    return Library(index, max(LEAST_THREADS, cores))


class Library:
    """Open from construction until close."""

    def __init__(self, index: Index, threads: int) -> None:
        self.index = index
        self._threads = ThreadPoolExecutor(threads, "index-read")
        self._manager = ThreadPoolExecutor(1, "index-manage")
        self._closing = False

    def collection(self, name: str) -> Collection:
        """Return a collection.

        Raises:
            UnknownCollectionError: there is none of this name.
        """
        return self.index.collection(name)

    async def run(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Return what a function returns that may wait for a disk, or compute for a while."""
        return await self._run(self._threads, partial(function, *arguments, **named))

    async def manage(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Return what a function returns that works on a whole collection."""
        return await self._run(self._manager, partial(function, *arguments, **named))

    async def _run(self, threads: ThreadPoolExecutor, function: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, function)
        except ClosedError as error:
            raise self._gone(error) from error

    async def commit(self, submit: Callable[P, Future[T]], *arguments: P.args, **named: P.kwargs) -> T:
        """Have something written, and return its outcome once that is on the disk.

        A client that leaves meanwhile does not know whether it was; it is.
        """
        return await asyncio.shield(self._commit(submit, *arguments, **named))

    async def _commit(self, submit: Callable[P, Future[T]], *arguments: P.args, **named: P.kwargs) -> T:
        submitted = await self.run(submit, *arguments, **named)
        try:
            return await asyncio.wrap_future(submitted)
        except ClosedError as error:
            raise self._gone(error) from error

    def _gone(self, error: ClosedError) -> IndexRoomError:
        """Return what a collection's end means: while the index is open and well, somebody dropped it."""
        if self._closing or not self.index.well:
            return error
        return UnknownCollectionError("the collection was dropped meanwhile")

    def close(self) -> None:
        """Finish what was submitted, then close the files. Blocks."""
        self._closing = True
        self._manager.shutdown()
        self._threads.shutdown()
        self.index.close()
