"""A stream of documents: checked, embedded and committed group by group, as fast as the slowest of these.

A few groups are on their way at once, so that the workers never wait for a commit; they are committed in the order in
which they came. A line that is wrong is told at the end and holds up nobody. The deadline of the request is that of
each group's embedding: a stream may last.
"""

import asyncio
import itertools
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from index import CallerError, IndexRoomError
from server.bodies.documents import BatchIndexed, Document, LineError
from server.decoding import decode_json
from server.embedding import Options
from server.errors import (
    DeadlineError,
    InferenceError,
    InvalidInputError,
    OverloadedError,
    RateError,
    ServerError,
    StreamStoppedError,
    UnacceptableInputError,
)
from server.ingest import Ingest, Prepared
from server.ndjson import Group, Line
from server.problems import LOGGED, detail_of, status_of

GROUPS_ON_THEIR_WAY = 3
MOST_ERRORS = 1_000
# How long a stream waits for room in the queue, or for its share; its client is not read from meanwhile.
PATIENCE_S = 300.0
# So many lines one after the other that the model could not compute, and it is the model that is wrong.
MOST_FAULTS = 8

log = logging.getLogger("vecd")

Numbered = Sequence[tuple[int, Document]]
Task = asyncio.Task[list[Prepared]]


class Stream:
    """One request's documents, and what became of them so far; `hold` is as in `ndjson.py`."""

    def __init__(self, ingest: Ingest, name: str, options: Options, hold: Callable[[int], None]) -> None:
        self._ingest = ingest
        self._hold = hold
        self._name = name
        self._options = options
        self._indexed = self._failed = self._line = self._faults = 0
        self._errors: list[LineError] = []

    async def keep(self, groups: AsyncIterator[Group]) -> BatchIndexed:
        """Keep what can be kept.

        Raises:
            UnknownCollectionError, FingerprintError: at once, whatever the stream holds.
            StreamStoppedError: no more can be kept; the message says how far it came.
        """
        self._ingest.check_writable(self._name)
        try:
            await self._keep_all(groups)
        except (ServerError, IndexRoomError) as error:
            raise self._stopped(error) from error
        self._errors.sort(key=lambda one: one.line)
        return BatchIndexed(self._indexed, self._failed, self._errors[:MOST_ERRORS])

    async def _keep_all(self, groups: AsyncIterator[Group]) -> None:
        """Commit each group once it and those before it are prepared, whether more come or not."""
        tasks: deque[tuple[Group, Task]] = deque()
        reading: asyncio.Task[Group | None] | None = asyncio.create_task(_next(groups))
        ended: ServerError | None = None
        try:
            while tasks or reading is not None:
                awaited: list[asyncio.Task[Any]] = [task for _, task in itertools.islice(tasks, 1)]
                if reading is not None and len(tasks) < GROUPS_ON_THEIR_WAY:
                    awaited.append(reading)
                await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
                if tasks and tasks[0][1].done():
                    await self._commit(*tasks.popleft())
                elif reading is not None:
                    try:
                        group = reading.result()
                    except ServerError as error:  # what came before it is kept all the same
                        group, ended = None, error
                    reading = None
                    if group is not None:
                        tasks.append((group, asyncio.create_task(self._prepare(group.lines))))
                        reading = asyncio.create_task(_next(groups))
        finally:
            left = [task for _, task in tasks] + ([] if reading is None else [reading])
            for one in left:
                one.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        if ended is not None:
            raise ended

    def _stopped(self, error: Exception) -> StreamStoppedError:
        done = f"all lines up to {self._line} are done and {self._indexed} documents are on the disk"
        return StreamStoppedError(f"{done}; stopped: {detail_of(error)}", error)

    async def _commit(self, group: Group, task: Task) -> None:
        for prepared in await task:
            await self._ingest.commit(prepared)
            self._indexed += len(prepared.documents)
        self._line = group.lines[-1].number
        self._hold(-group.held_bytes)

    async def _prepare(self, group: Sequence[Line]) -> list[Prepared]:
        numbered = []
        for line in group:
            if line.error is not None:
                self._refuse(line.number, line.error)
                continue
            try:
                numbered.append((line.number, decode_json(line.content, Document)))
            except InvalidInputError as error:
                self._refuse(line.number, error)
        return await self._embed(numbered)

    async def _embed(self, numbered: Numbered) -> list[Prepared]:
        """Embed what can be; where something is wrong, one half after the other, down to the line that it is."""
        if not numbered:
            return []
        try:
            prepared = [await self._patiently([document for _, document in numbered])]
        except (CallerError, UnacceptableInputError, InferenceError) as error:
            if len(numbered) == 1:
                self._faults += isinstance(error, InferenceError)
                if self._faults > MOST_FAULTS:
                    raise
                self._refuse(numbered[0][0], error)
                return []
        else:
            self._faults = 0
            return prepared
        half = len(numbered) // 2
        return [*await self._embed(numbered[:half]), *await self._embed(numbered[half:])]

    async def _patiently(self, documents: Sequence[Document]) -> Prepared:
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                return await self._ingest.prepare(self._name, documents, self._options)
            except (OverloadedError, RateError, DeadlineError) as error:
                if isinstance(error, DeadlineError) and self._options.caller.timeout_s is not None:
                    raise  # it is the client's own
                pause_s = 1.0 if isinstance(error, DeadlineError) else error.retry_after_s
                if time.monotonic() + pause_s > deadline_s:
                    raise
                await asyncio.sleep(pause_s)

    def _refuse(self, number: int, error: Exception) -> None:
        self._failed += 1
        status = status_of(error)
        if status in LOGGED:
            log.error("line %d of a stream: %s", number, error)
        # Groups may be refused in another order than they came in.
        if len(self._errors) < 2 * MOST_ERRORS:
            self._errors.append(LineError(number, status.value, detail_of(error)))


async def _next(groups: AsyncIterator[Group]) -> Group | None:
    return await anext(groups, None)
