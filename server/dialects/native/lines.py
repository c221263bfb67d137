"""A body of NDJSON as documents: its lines go to the backend in groups; errors of lines are reported at the end."""

import logging
from array import array
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from functools import partial

import numpy as np

from server.contract import documents as contract
from server.contract.documents import Line, LinesWritten
from server.contract.errors import (
    CallerError,
    FingerprintError,
    InvalidInputError,
    ServerError,
    UnknownCollectionError,
    error_of,
)
from server.dialects.asked import Asked
from server.dialects.native.bodies.documents import BatchIndexed, Document, LineError, LineId
from server.dialects.native.documents import document_of
from server.settings import Settings
from server.web.aside import run_aside
from server.web.decoding import LARGE_BYTES, decode_json
from server.web.errors import StreamStoppedError
from server.web.ndjson import GROUP_LINES, LineGroup, LineLimits, RawLine, groups_of_lines, receive_until_leaving
from server.web.problems import LOGGED, detail_of, status_of

MAX_ERRORS = 1_000
# More ids than this are counted on a thread.
MANY_IDS = 100_000
# Every id that is made comes back; more lines than this must bring theirs.
MAX_MADE, MADE_BYTES = 100_000, 200
MASK = (1 << 64) - 1
# The most bytes that JSON takes for one byte of a text, and room for an id and metadata, with any escapes.
LONGEST_ESCAPE, BESIDE_TEXT_BYTES = 6, 1 << 20

log = logging.getLogger("vecd")


# Groups of documents in; the outcome of each group out.
Keep = Callable[[AsyncIterator[Sequence[Line]]], AsyncGenerator[LinesWritten]]


def lines_of(asked: Asked) -> AsyncIterator[LineGroup]:
    """Read the body of a request, as fast as its lines are stored."""
    lifecycle = asked.context.lifecycle
    limits = LineLimits(
        line_bytes=longest_line(asked.settings),
        group_lines=min(GROUP_LINES, asked.settings.max_client_batch_size),
        hold=asked.hold,
        leaving=lambda: lifecycle.leaving,
    )
    return groups_of_lines(receive_until_leaving(lambda: lifecycle.leaving, asked.receive), limits)


def longest_line(settings: Settings) -> int:
    """Return the most bytes of a line whose document can be valid."""
    return min(settings.max_body_bytes, LONGEST_ESCAPE * settings.max_text_bytes + BESIDE_TEXT_BYTES)


class LineStream:
    """The lines of one request, and their outcomes so far; `hold` releases the bytes of those that are done."""

    def __init__(self, hold: Callable[[int], None]) -> None:
        self._hold = hold
        self._failed = self._line = self._truncated = 0
        self._ids = array("Q")  # hashes of the ids that are on the disk: 8 bytes each, however many there are
        self._made: dict[int, str] = {}
        self._errors: list[LineError] = []
        self._under_way: deque[tuple[LineGroup, dict[int, int]]] = deque()

    async def keep(self, groups: AsyncIterator[LineGroup], keep: Keep) -> BatchIndexed:
        """Store the documents of all valid lines.

        Raises:
            UnknownCollectionError, FingerprintError: at once, whatever the lines hold.
            StreamStoppedError: no more can be stored; the message says how far the stream came.
        """
        try:
            async with aclosing(keep(self._documents(groups))) as stream:
                async for written in stream:
                    self._account(written)
        except ServerError as error:
            if isinstance(error, UnknownCollectionError | FingerprintError) and not self._line:
                raise
            raise self._stopped(await self._count(), error) from error
        self._errors.sort(key=lambda one: one.line)
        indexed = BatchIndexed(await self._count(), failed=self._failed, errors=self._errors[:MAX_ERRORS])
        if self._truncated:
            indexed.truncated = self._truncated
        if self._made:
            indexed.line_ids = [LineId(line, id_) for line, id_ in self._made.items()]
        return indexed

    async def _count(self) -> int:
        """Return how many documents are on the disk: an id that came again was replaced."""
        ids = np.frombuffer(self._ids, np.uint64)
        return len(np.unique(ids)) if len(ids) < MANY_IDS else len(await run_aside(partial(np.unique, ids)))

    async def _documents(self, groups: AsyncIterator[LineGroup]) -> AsyncIterator[Sequence[Line]]:
        async for group in groups:
            lines = self._take(group, await decode_lines(group.lines))
            self._under_way.append((group, {line.number: hash(line.document.id) & MASK for line in lines}))
            yield lines

    def _take(self, group: LineGroup, decoded: Sequence[Document | ServerError]) -> list[Line]:
        """Return the documents of a group; lines that are no document are refused."""
        found = []
        for line, given in zip(group.lines, decoded, strict=True):
            if isinstance(given, ServerError):
                self._refuse(line.number, given)
                continue
            try:
                found.append(Line(line.number, self._document(line.number, given)))
            except InvalidInputError as error:
                self._refuse(line.number, error)
        return found

    def _document(self, number: int, given: Document) -> contract.Document:
        """Return a line's document, and remember the id that it gets if it has none."""
        document = document_of(given)
        if given.id is None:
            if len(self._made) == MAX_MADE:
                message = f"{MAX_MADE:,} lines before this one have no id, either; give ids, or send another request"
                raise InvalidInputError(message, "id")
            self._made[number] = document.id
            self._hold(MADE_BYTES)
        return document

    def _account(self, written: LinesWritten) -> None:
        """Count the outcome of a group, and release its bytes; those of its ids are held."""
        group, ids = self._under_way.popleft()
        for one in written.refused:
            self._refuse(one.number, error_of(one.failure))
            del ids[one.number]
        self._ids.extend(ids.values())
        self._truncated += written.truncated
        self._line = group.lines[-1].number
        self._hold(self._ids.itemsize * len(ids) - group.held_bytes)

    def _refuse(self, number: int, error: ServerError) -> None:
        self._failed += 1
        self._made.pop(number, None)
        status = status_of(error)
        if status in LOGGED:
            log.error("line %d of a stream: %s", number, error)
        # Lines may be refused out of order, so more errors are kept than are answered.
        if len(self._errors) < 2 * MAX_ERRORS:
            self._errors.append(LineError(number, status.value, detail_of(error)))

    def _stopped(self, indexed: int, error: ServerError) -> StreamStoppedError:
        done = f"all lines up to {self._line} are done and {indexed} documents are on the disk"
        return StreamStoppedError(f"{done}; stopped: {detail_of(error)}", error)


async def decode_lines(lines: Sequence[RawLine]) -> list[Document | ServerError]:
    """Return the document of each line, or what is wrong with it; on a thread where a line is large."""

    def decode() -> list[Document | ServerError]:
        return [_decode(line) for line in lines]

    return await run_aside(decode) if any(len(line.content) > LARGE_BYTES for line in lines) else decode()


def _decode(line: RawLine) -> Document | ServerError:
    if line.error is not None:
        return line.error
    try:
        return decode_json(line.content, Document)
    except (InvalidInputError, CallerError) as error:
        return error
