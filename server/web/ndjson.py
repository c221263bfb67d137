"""A body of lines, read as fast as they are processed: groups of lines out, only a few of them in memory.

Reading waits while there is no room; a line that is too long is skipped, and yielded with its error. Source: NDJSON
1.0, a JSON text per line; empty lines are skipped.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from litestar.types import Receive
from litestar.types.asgi_types import ReceiveMessage

from server.contract.errors import InvalidInputError, OverloadedError, ServerError, UnavailableError
from server.web.decoding import BYTE_ORDER_MARK
from server.web.errors import TooLargeError

NDJSON = "application/x-ndjson"
GROUP_LINES = 64
# Where lines are long, a group ends after so many bytes.
GROUP_BYTES = 1_000_000
# Bytes that are split in one turn of the event loop: all of them may be empty lines.
TURN_BYTES = 16 * 1024
# How often a stream whose client is silent checks whether the server leaves.
LEAVING_POLL_S = 0.25
# How often a stream that waits for room checks whether there is some.
ROOM_POLL_S = 0.05
# How long it waits: streams that each hold a part of a line may all be waiting for each other.
ROOM_PATIENCE_S = 5.0
STOPPING = "the server is stopping"


class RawLine(msgspec.Struct, frozen=True):
    """A line; `number` counts from 1, and `error` says why the line is refused, if it is."""

    number: int
    content: bytes
    error: ServerError | None = None


class LineGroup(msgspec.Struct, frozen=True):
    """Lines, and the bytes that the body budget holds for them."""

    lines: Sequence[RawLine]
    held_bytes: int


def never() -> bool:
    return False


class LineLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a body may be in memory. `hold` is called with bytes that come or, below zero, go.

    `hold` raises OverloadedError where there is no room; reading then waits for up to `patience_s`, or until the server
    leaves.
    """

    line_bytes: int
    group_lines: int
    hold: Callable[[int], None]
    leaving: Callable[[], bool] = never
    patience_s: float = ROOM_PATIENCE_S


async def groups_of_lines(receive: Receive, limits: LineLimits) -> AsyncIterator[LineGroup]:
    """Yield the lines that are not empty, in groups; the consumer releases the bytes of a group that is done.

    Where a body ends early, the complete lines before its end are yielded first.

    Raises:
        OverloadedError: there was no room for `patience_s`.
        UnavailableError: the server leaves.
        InvalidInputError: the client left before the end.
    """
    group: list[RawLine] = []
    size = 0
    ended: ServerError | None = None
    try:
        async for line in _lines(receive, limits):
            if line is not None:
                group.append(line)
                size += len(line.content)
            if group and (line is None or len(group) == limits.group_lines or size >= GROUP_BYTES):
                yield LineGroup(group, size)
                group, size = [], 0
    except ServerError as error:
        ended = error
    if group:
        yield LineGroup(group, size)
    if ended is not None:
        raise ended


async def _lines(receive: Receive, limits: LineLimits) -> AsyncIterator[RawLine | None]:
    """Yield lines, and None where there is no room for more until some of them are done."""
    partial = _PartialLine(limits)
    async for piece in _pieces(receive):
        if not _try_to_hold(limits, len(piece)):
            yield None
            await _hold_patiently(limits, len(piece))
        *ends, rest = piece.split(b"\n")
        limits.hold(-len(ends))
        for end in ends:
            if (line := partial.ended_by(end)) is not None:
                yield line
        partial.add(rest)
    if (line := partial.ended_by(b"")) is not None:
        yield line


class _PartialLine:
    """The line that is being received. Nothing is kept of one that is too long."""

    def __init__(self, limits: LineLimits) -> None:
        self._limits = limits
        self._content = bytearray()
        self._number = 1
        self._too_long = False

    def add(self, part: bytes) -> None:
        if self._too_long or len(self._content) + len(part) > self._limits.line_bytes:
            self._limits.hold(-len(self._content) - len(part))
            self._content = bytearray()
            self._too_long = True
        else:
            self._content += part

    def ended_by(self, part: bytes) -> RawLine | None:
        """Return the line that ends with `part`, unless it is empty, and begin the next."""
        if part or self._content or self._too_long:
            self.add(part)
            return self._end()
        self._number += 1
        return None

    def _end(self) -> RawLine | None:
        number, content, too_long = self._number, bytes(self._content), self._too_long
        if number == 1 and content.startswith(BYTE_ORDER_MARK):
            content = content.removeprefix(BYTE_ORDER_MARK)
            self._limits.hold(-len(BYTE_ORDER_MARK))
        self._number, self._too_long = number + 1, False
        self._content.clear()
        if too_long:
            message = f"the line is longer than {self._limits.line_bytes} bytes, the most that a document can take"
            return RawLine(number, b"", TooLargeError(message))
        if content.strip():
            return RawLine(number, content)
        self._limits.hold(-len(content))
        return None


def _try_to_hold(limits: LineLimits, size: int) -> bool:
    try:
        limits.hold(size)
    except OverloadedError:
        return False
    return True


async def _hold_patiently(limits: LineLimits, size: int) -> None:
    """Hold bytes once others have released theirs; the client is not read from meanwhile."""
    end_s = time.monotonic() + limits.patience_s
    while not _try_to_hold(limits, size):
        if limits.leaving():
            raise UnavailableError(STOPPING)
        if time.monotonic() > end_s:
            limits.hold(size)
            return
        await asyncio.sleep(ROOM_POLL_S)


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            ended = "the body ended early"
            raise InvalidInputError(ended)
        body = message["body"]
        for start in range(0, len(body), TURN_BYTES):
            if start:
                await asyncio.sleep(0)
            yield body[start : start + TURN_BYTES]
        more = message["more_body"]


def receive_until_leaving(leaving: Callable[[], bool], receive: Receive) -> Receive:
    """Return a `receive` that raises UnavailableError once the server leaves; the end of a body is still received."""

    async def receive_or_stop() -> ReceiveMessage:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVING_POLL_S):
                    message = await receive()
                if not (leaving() and message.get("more_body")):
                    return message
            if leaving():
                raise UnavailableError(STOPPING)

    return receive_or_stop
