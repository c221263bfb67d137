"""The writing half of a connection: whether the client takes its answer, and how the connection ends.

A client that takes no byte of its answer for `send_timeout_s` is cut off; one that takes some of it now and then is
not, however long it needs.
"""

import asyncio
import socket
import struct
from collections.abc import Callable

from server.connection.timeouts import Sweep

# SO_LINGER of zero seconds: closing also discards what the system buffers (nginx: reset_timedout_connection).
NO_LINGER = struct.pack("ii", 1, 0)


class CycleTransport:
    """The transport as uvicorn's cycle sees it; the protocol decides how the connection ends.

    The head of a response waits for the beginning of its body, as ASGI allows: written separately they are two packets,
    and wake the client twice.
    """

    __slots__ = ("_finish", "_head", "_holds", "_transport")

    def __init__(self, transport: asyncio.Transport, finish: Callable[[], None]) -> None:
        self._transport = transport
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
            self._transport.write(data)
        else:
            head, self._head = self._head, None
            self._transport.writelines((head, data))

    def flush(self) -> None:
        """Send what was kept, without a body."""
        if self._head is not None:
            self.write(b"")

    def close(self) -> None:
        self.flush()
        self._finish()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


class ResponseSender:
    """Watches the bytes that the transport has not sent yet."""

    def __init__(self, transport: asyncio.Transport, sweep: Sweep) -> None:
        self._transport = transport
        self._sweep = sweep
        self._unsent = 0
        self._deadline = 0

    def progressed(self) -> None:
        """Note that the client took some bytes, though as many may have been added since."""
        self._unsent = 0

    def check(self) -> int:
        """Return how many bytes are not sent yet; a client that has stopped taking them is cut off."""
        unsent = self._transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._deadline = unsent, self._sweep.tick + self._sweep.send_ticks
        elif unsent and self._sweep.tick >= self._deadline:
            own = self._transport.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            self._transport.abort()
        return unsent

    def finish(self, data: bytes = b"") -> None:
        """Send data, then the end of the stream; the client may still send."""
        self._transport.write(data)
        if self._transport.can_write_eof():
            self._transport.write_eof()
