"""A body of lines, read as fast as they are worked on: groups of lines out, never more than a few in memory.

Where there is no room for more, reading waits; a line that is too long is passed over, and refused in its place.
Source: NDJSON 1.0, a JSON text a line; empty lines are passed over.
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
# A group is as short as that where its lines are long.
GROUP_BYTES = 1_000_000
# So much is looked at in one turn of the event loop: it may be lines without end, and all of them empty.
TURN_BYTES = 16 * 1024
# How long a client may say nothing before a look is taken at whether the server wants to stop.
GLANCE_S = 0.25
# How often a body for which there is no room looks whether there is some.
ROOM_S = 0.05
# How long it looks: streams that hold a part of a line each may all be waiting for each other.
ROOM_PATIENCE_S = 5.0
STOPPING = "the server is stopping"


class Line(msgspec.Struct, frozen=True):
    """A line, its number, from 1, and why it is refused as it is, if so."""

    number: int
    content: bytes
    error: ServerError | None = None


class Group(msgspec.Struct, frozen=True):
    """Lines, and how many bytes of the body are held for them."""

    lines: Sequence[Line]
    held_bytes: int


def never() -> bool:
    return False


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What may be in memory of a body. `hold` is told how many bytes come or, below zero, go.

    It raises OverloadedError where there is no room, which is waited for while patience lasts and the server stays.
    """

    line_bytes: int
    group_lines: int
    hold: Callable[[int], None]
    leaving: Callable[[], bool] = never
    patience_s: float = ROOM_PATIENCE_S


async def groups_of_lines(receive: Receive, bounds: Bounds) -> AsyncIterator[Group]:
    """Yield the lines that are not empty, in groups; whoever has done with one gives its bytes back.

    Whatever ends a body early, the lines that came whole before are given.

    Raises:
        OverloadedError: there was no room for more for a while.
        UnavailableError: the server left meanwhile.
        InvalidInputError: the client left before the end.
    """
    group: list[Line] = []
    size = 0
    ended: ServerError | None = None
    try:
        async for line in _lines(receive, bounds):
            if line is not None:
                group.append(line)
                size += len(line.content)
            if group and (line is None or len(group) == bounds.group_lines or size >= GROUP_BYTES):
                yield Group(group, size)
                group, size = [], 0
    except ServerError as error:
        ended = error
    if group:
        yield Group(group, size)
    if ended is not None:
        raise ended


async def _lines(receive: Receive, bounds: Bounds) -> AsyncIterator[Line | None]:
    """Yield lines, and None where there is no room for more until some of them are done with."""
    begun = _Begun(bounds)
    async for piece in _pieces(receive):
        if not _held(bounds, len(piece)):
            yield None
            await _hold_patiently(bounds, len(piece))
        *ends, rest = piece.split(b"\n")
        bounds.hold(-len(ends))
        for end in ends:
            if (line := begun.ended_by(end)) is not None:
                yield line
        begun.add(rest)
    if (line := begun.ended_by(b"")) is not None:
        yield line


class _Begun:
    """The line that is being received. Of one that is too long nothing is kept, up to its end."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._content = bytearray()
        self._number = 1
        self._too_long = False

    def add(self, part: bytes) -> None:
        """Take more of it."""
        if self._too_long or len(self._content) + len(part) > self._bounds.line_bytes:
            self._bounds.hold(-len(self._content) - len(part))
            self._content = bytearray()
            self._too_long = True
        else:
            self._content += part

    def ended_by(self, part: bytes) -> Line | None:
        """Return the line that ends with this, unless it is empty, and begin the next."""
        if part or self._content or self._too_long:
            self.add(part)
            return self._end()
        self._number += 1
        return None

    def _end(self) -> Line | None:
        number, content, too_long = self._number, bytes(self._content), self._too_long
        if number == 1 and content.startswith(BYTE_ORDER_MARK):
            content = content.removeprefix(BYTE_ORDER_MARK)
            self._bounds.hold(-len(BYTE_ORDER_MARK))
        self._number, self._too_long = number + 1, False
        self._content.clear()
        if too_long:
            message = f"the line is longer than {self._bounds.line_bytes} bytes, which no document is"
            return Line(number, b"", TooLargeError(message))
        if content.strip():
            return Line(number, content)
        self._bounds.hold(-len(content))
        return None


def _held(bounds: Bounds, size: int) -> bool:
    try:
        bounds.hold(size)
    except OverloadedError:
        return False
    return True


async def _hold_patiently(bounds: Bounds, size: int) -> None:
    """Hold so many bytes once others have let go of theirs; the client is not read from meanwhile."""
    end_s = time.monotonic() + bounds.patience_s
    while not _held(bounds, size):
        if bounds.leaving():
            raise UnavailableError(STOPPING)
        if time.monotonic() > end_s:
            bounds.hold(size)
            return
        await asyncio.sleep(ROOM_S)


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            left = "the body ended early"
            raise InvalidInputError(left)
        body = message["body"]
        for start in range(0, len(body), TURN_BYTES):
            if start:
                await asyncio.sleep(0)
            yield body[start : start + TURN_BYTES]
        more = message["more_body"]


def until(leaving: Callable[[], bool], receive: Receive) -> Receive:
    """Return what receives until the server leaves; a body that is there to its end is received all the same."""

    async def receive_or_stop() -> ReceiveMessage:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GLANCE_S):
                    message = await receive()
                if not (leaving() and message.get("more_body")):
                    return message
            if leaving():
                raise UnavailableError(STOPPING)

    return receive_or_stop
