"""A stream of documents: checked, embedded and committed group by group, as fast as the slowest of these stages.

A few groups are in progress at once, so that the workers never wait for a commit; they are committed in the order of
their arrival. A wrong line does not stop the others. The request's timeout is that of each group's embedding: a stream
may last.
"""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from server.contract.documents import Document, Line, LinesWritten, RefusedLine
from server.contract.embedding import Demand
from server.contract.errors import (
    CallerError,
    DeadlineError,
    InferenceError,
    OverloadedError,
    UnacceptableInputError,
    failure_of,
)
from server.documents.ingest import Ingest, Prepared

MAX_GROUPS = 3
# How long a stream waits for room in the queue; its client is not read from meanwhile.
PATIENCE_S = 300.0
# After so many lines in a row that the model could not compute, the model is at fault, and the stream stops.
MAX_FAULTS = 8

Group = Sequence[Line]


class PreparedGroup(msgspec.Struct):
    """A group that is ready to be committed."""

    prepared: list[Prepared]
    refused: list[RefusedLine]


Task = asyncio.Task[PreparedGroup]


class Stream:
    """The documents of one request; `enter` takes a place among the requests in progress."""

    def __init__(
        self, enter: Callable[[], AbstractContextManager[None]], ingest: Ingest, name: str, demand: Demand
    ) -> None:
        self._enter = enter
        self._ingest = ingest
        self._name = name
        self._demand = demand
        self._faults = 0

    async def keep(self, groups: AsyncIterator[Group]) -> AsyncGenerator[LinesWritten]:
        """Commit each group once it and those before it are prepared, without waiting for more groups.

        Raises:
            UnknownCollectionError, FingerprintError: before anything is read.
        """
        self._ingest.check_writable(self._name)
        tasks: deque[Task] = deque()
        reading: asyncio.Task[Group | None] | None = asyncio.create_task(_next(groups))
        ended: BaseException | None = None
        try:
            while tasks or reading is not None:
                awaited: list[asyncio.Task[Any]] = list(itertools.islice(tasks, 1))
                if reading is not None and len(tasks) < MAX_GROUPS:
                    awaited.append(reading)
                await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
                if tasks and tasks[0].done():
                    yield await self._commit(tasks.popleft().result())
                elif reading is not None:
                    ended = reading.exception()  # the groups before it are written all the same
                    group = None if ended else reading.result()
                    reading = None
                    if group is not None:
                        tasks.append(asyncio.create_task(self._prepare(group)))
                        reading = asyncio.create_task(_next(groups))
        finally:
            await _cancel([*tasks, *([] if reading is None else [reading])])
        if ended is not None:
            raise ended

    async def _commit(self, part: PreparedGroup) -> LinesWritten:
        truncated, tokens, held_s = 0, 0, 0.0
        for prepared in part.prepared:
            held_s += await self._ingest.commit(prepared)
            truncated += sum(prepared.truncated)
            tokens += sum(prepared.tokens)
        return LinesWritten(part.refused, truncated, tokens, held_s)

    async def _prepare(self, group: Group) -> PreparedGroup:
        part = PreparedGroup([], [])
        await self._embed(group, part)
        return part

    async def _embed(self, lines: Group, part: PreparedGroup) -> None:
        """Embed lines; where that fails, embed one half after the other, down to the line at fault."""
        if not lines:
            return
        try:
            part.prepared.append(await self._prepare_patiently([line.document for line in lines]))
        except (CallerError, UnacceptableInputError, InferenceError) as error:
            if len(lines) == 1:
                self._faults += isinstance(error, InferenceError)
                if self._faults > MAX_FAULTS:
                    raise
                part.refused.append(RefusedLine(lines[0].number, failure_of(error)))
                return
        else:
            self._faults = 0
            return
        half = len(lines) // 2
        await self._embed(lines[:half], part)
        await self._embed(lines[half:], part)

    async def _prepare_patiently(self, documents: Sequence[Document]) -> Prepared:
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                with self._enter():
                    return await self._ingest.prepare(self._name, documents, self._demand)
            except (OverloadedError, DeadlineError) as error:
                if isinstance(error, DeadlineError) and self._demand.timeout_s is not None:
                    raise  # the client chose the timeout
                pause_s = 1.0 if isinstance(error, DeadlineError) else error.retry_after_s
                if time.monotonic() + pause_s > deadline_s:
                    raise
                await asyncio.sleep(pause_s)


async def _next(groups: AsyncIterator[Group]) -> Group | None:
    return await anext(groups, None)


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for one in tasks:
        one.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
