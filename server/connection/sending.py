"""The writing half of a connection: is what was answered taken, and how does the connection end?

A client that takes nothing of its answer for `send_timeout_s` is cut off, whatever is left; one that takes some of it
now and then is not, however long it needs.
"""

import asyncio
import socket
import struct
from collections.abc import Callable

from server.connection.timeouts import Sweep

# Closing with this discards what the system keeps of the answer, too (nginx: reset_timedout_connection).
AT_ONCE = struct.pack("ii", 1, 0)


class Outlet:
    """A transport as far as uvicorn's cycle needs it, except that the protocol decides how the connection ends.

    The head of a response waits for the beginning of its body, as ASGI has it: written apart they are two packets, and
    the client is woken twice.
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
        """Send this, after what was kept."""
        if self._holds:
            self._head, self._holds = data, False
        elif self._head is None:
            self._transport.write(data)
        else:
            head, self._head = self._head, None
            self._transport.writelines((head, data))

    def flush(self) -> None:
        """Send what was kept: there is no body."""
        if self._head is not None:
            self.write(b"")

    def close(self) -> None:
        """End the connection as the protocol wants it."""
        self.flush()
        self._finish()

    def is_closing(self) -> bool:
        """Tell whether nothing can be sent any more."""
        return self._transport.is_closing()


class Sending:
    """Looks after what the transport still has to send."""

    def __init__(self, transport: asyncio.Transport, sweep: Sweep) -> None:
        self._transport = transport
        self._sweep = sweep
        self._unsent = 0
        self._deadline = 0

    def progressed(self) -> None:
        """Some was taken, though as much may have been added since."""
        self._unsent = 0

    def check(self) -> int:
        """Return how many bytes are not sent yet; a client that takes nothing of them any more is cut off."""
        unsent = self._transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._deadline = unsent, self._sweep.tick + self._sweep.send_ticks
        elif unsent and self._sweep.tick >= self._deadline:
            own = self._transport.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            self._transport.abort()
        return unsent

    def finish(self, data: bytes = b"") -> None:
        """Send this, and the end; the client may send on."""
        self._transport.write(data)
        if self._transport.can_write_eof():
            self._transport.write_eof()
