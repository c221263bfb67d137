"""The writing half of a connection: what its client has not taken yet, and how the connection ends.

Bytes are handed to the transport a piece at a time, as the client takes them, and are counted in the budget until they
are handed over. A client that takes no byte of its answer for `send_timeout_s` is cut off; one that takes some of it
now and then is not, however long it needs, unless the budget is full and others are faster.
"""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable

from server.connection.timeouts import Sweep
from server.web.body_budget import BodyBudget, Pace

# SO_LINGER of zero seconds: closing also discards what the system buffers (nginx: reset_timedout_connection).
NO_LINGER = struct.pack("ii", 1, 0)
# It bounds what the transport keeps of an answer, which over TLS is a copy and is not seen from here.
PIECE_BYTES = 64 * 1024
# A client is judged by what it takes after the first of these; the system's own buffers are filled at once.
TICKS_TO_JUDGE = 4


class CycleTransport:
    """The transport as uvicorn's cycle sees it; the protocol decides how the connection ends.

    The head of a response waits for the beginning of its body, as ASGI allows: written separately they are two packets,
    and wake the client twice.
    """

    __slots__ = ("_finish", "_head", "_holds", "_sender")

    def __init__(self, sender: "ResponseSender", finish: Callable[[], None]) -> None:
        self._sender = sender
        self._finish = finish
        self._head: bytes | None = None
        self._holds = False

    def hold_head(self) -> None:
        """Keep what is written next until more is written."""
        self._holds = True

    def write(self, data: bytes) -> None:
        """Send data, after what was kept."""
        if self._holds:
            self._head, self._holds = data, False
        elif self._head is None:
            self._sender.write(data)
        else:
            head, self._head = self._head, None
            self._sender.write(data, head)

    def flush(self) -> None:
        """Send what was kept, without a body."""
        if self._head is not None:
            self.write(b"")

    def close(self) -> None:
        self.flush()
        self._finish()

    def is_closing(self) -> bool:
        return self._sender.is_closing()


class ResponseSender:
    """What one connection has still to send."""

    def __init__(self, transport: asyncio.Transport, sweep: Sweep, budget: BodyBudget) -> None:
        # Whether the client must take more before another answer is worth computing.
        self.backed_up = False
        self._paused = False  # while the transport takes no more
        self._transport = transport
        self._sweep = sweep
        self._budget = budget
        self._queue: deque[memoryview] = deque()
        self._queued_bytes = 0
        self._kept_bytes = 0  # memory of the answers in the queue, of which only parts may be queued still
        self._end: Callable[[], None] | None = None  # what comes after the last byte
        self._written_bytes = 0
        self._unsent = 0  # bytes, at the last check
        self._deadline = 0
        self._ticks = 0  # since there is something that the client has to take
        self._closed_ticks = 0
        self._taken_bytes = 0  # of all that was written, at the first of these ticks

    def write(self, data: bytes, head: bytes = b"") -> None:
        """Send head and data, after what is not sent yet."""
        size = len(head) + len(data)
        self._written_bytes += size
        if not self.backed_up and size <= PIECE_BYTES:
            self._transport.writelines((head, data)) if head else self._transport.write(data)
            return
        self._queue.extend(memoryview(part) for part in (head, data) if part)
        self._queued_bytes += size
        self._kept_bytes += size
        self._pump()

    def pause(self) -> None:
        """Wait: the transport takes no more."""
        self._paused = self.backed_up = True

    def resume(self) -> bool:
        """Go on, since the client took some bytes; return whether the transport takes more after that."""
        self._paused = False
        self._unsent = 0  # or as many, added since the last check, would look like none taken
        self._pump()
        return not self._paused

    def _pump(self) -> None:
        """Hand pieces to the transport until it takes no more."""
        while self._queue and not self._paused and not self._transport.is_closing():
            first = self._queue.popleft()
            if len(first) > PIECE_BYTES:
                self._queue.appendleft(first[PIECE_BYTES:])
                first = first[:PIECE_BYTES]
            self._queued_bytes -= len(first)
            self._transport.write(first)
        if not self._queue:
            self._kept_bytes = 0
            if self._end is not None:
                end, self._end = self._end, None
                end()
        self.backed_up = self._paused or bool(self._queue)
        self._budget.count(self, self._kept_bytes)

    def is_closing(self) -> bool:
        return self._end is not None or self._transport.is_closing()

    def check(self) -> int:
        """Return how many bytes are not sent yet, and cut off a client that has stopped taking them. For each tick."""
        buffered = self._transport.get_write_buffer_size()
        unsent = self._queued_bytes + buffered
        if unsent or self._unsent:
            self._budget.count(self, self._kept_bytes + buffered)
        if not self._ticks:
            self._taken_bytes = self._written_bytes - unsent
        self._ticks = self._ticks + 1 if unsent else 0
        if unsent != self._unsent:
            self._unsent, self._deadline = unsent, self._sweep.tick + self._sweep.send_ticks
        elif unsent and self._sweep.tick >= self._deadline:
            self.cut()
        return unsent

    def pace(self) -> Pace | None:
        """Return how fast the client takes its answers; None where it is too early to say."""
        if self._ticks < TICKS_TO_JUDGE:
            return None
        unsent = self._queued_bytes + self._transport.get_write_buffer_size()
        taken = self._written_bytes - unsent - self._taken_bytes
        return Pace(taken / self._ticks, -self._ticks)

    def cut(self) -> None:
        """End the connection at once, and forget what is not sent."""
        own = self._transport.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self._transport.abort()
        self.forget()

    def forget(self) -> None:
        """Drop what is not sent, of a connection that is lost."""
        self._queue.clear()
        self.backed_up = self._paused
        self._queued_bytes = self._kept_bytes = 0
        self._end = None
        self._budget.count(self, 0)

    def finish(self, data: bytes = b"") -> None:
        """Send data, then the end of the stream; the client may still send."""
        self.write(data)
        if self._transport.can_write_eof():
            self._end_with(self._transport.write_eof)

    def close(self) -> None:
        """Close the connection once all is sent."""
        self._end_with(self._transport.close)

    def close_idle(self) -> None:
        """Close a connection with nothing to send, for each tick: over TLS it would stay until its client agrees."""
        self._closed_ticks += 1
        if self._closed_ticks > self._sweep.stop_ticks:
            self._transport.abort()
        else:
            self._transport.close()

    def _end_with(self, end: Callable[[], None]) -> None:
        if self._queue:
            self._end = end
        else:
            end()
