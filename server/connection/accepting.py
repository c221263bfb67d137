"""Connections from the listening sockets to the protocol: each has its place from its accept on, or is closed.

An accept that fails for want of descriptors or memory is tried again a little later; meanwhile clients wait in the
system's queue. A TLS handshake that is not done in time is closed.
"""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Callable
from functools import partial

from server.connection.protocol import Protocol
from server.connection.room import Place, Room
from server.connection.tls import Tls

# Connections accepted in one turn of the event loop, which then serves those that are there: about a millisecond of
# work, of which one with TLS makes more.
TURN, TLS_TURN = 8, 2
# How long nothing is accepted after the system had nothing to accept it with.
PAUSE_S = 0.25
EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

log = logging.getLogger("vecd")


class Acceptor:
    """Accepts the connections of one socket, in the place of asyncio's `Server`."""

    def __init__(
        self, listener: socket.socket, room: Room, make_protocol: Callable[[Place], Protocol], tls: Tls | None = None
    ) -> None:
        self._listener = listener
        self._room = room
        self._make_protocol = make_protocol
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._opening: dict[asyncio.Task[None], Protocol] = {}
        self._closed = False
        self._pause: asyncio.TimerHandle | None = None
        self._exhausted = False
        listener.setblocking(False)
        self._loop.add_reader(listener, self._accept)

    def close(self) -> None:
        """Accept no more, end the connections whose TLS handshake is not done, and shut those that are opened now.

        Without TLS an opening is not cancelled: it takes two turns of the event loop, and uvloop never tells a protocol
        of the end of a connection that was cancelled between them.
        """
        self._closed = True
        self._loop.remove_reader(self._listener)
        if self._pause is not None:
            self._pause.cancel()
        for task, protocol in self._opening.items():
            if self._tls is not None and protocol.transport is None:
                task.cancel()

    async def wait_closed(self) -> None:
        """Wait until no connection is being opened."""
        await asyncio.gather(*self._opening, return_exceptions=True)

    def _accept(self) -> None:
        for _ in range(TURN if self._tls is None else TLS_TURN):
            try:
                accepted, address = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:  # else the client was gone before it was accepted
                if error.errno in EXHAUSTED:
                    self._wait(error)
                    return
            else:
                self._exhausted = False
                self._open(accepted, address[0] if isinstance(address, tuple) else "")

    def _wait(self, error: OSError) -> None:
        """Leave clients in the system's queue: its readiness would call `_accept` again at once."""
        if not self._exhausted:
            log.error("connections wait, since none can be accepted: %s", error.strerror)
        self._exhausted = True
        self._loop.remove_reader(self._listener)
        self._pause = self._loop.call_later(PAUSE_S, self._loop.add_reader, self._listener, self._accept)

    def _open(self, accepted: socket.socket, address: str) -> None:
        place = self._room.enter(address)
        if place is None:
            accepted.close()
            return
        protocol = self._make_protocol(place)
        task = self._loop.create_task(self._connect(accepted, protocol))
        self._opening[task] = protocol
        task.add_done_callback(partial(self._opened, accepted, protocol))

    async def _connect(self, accepted: socket.socket, protocol: Protocol) -> None:
        """Hand a connection to its protocol, once its TLS handshake is done."""
        accepted.setblocking(False)
        with contextlib.suppress(OSError):  # the client left, or failed or was too slow at the handshake
            if self._tls is None:
                await self._loop.connect_accepted_socket(lambda: protocol, accepted)
            else:
                await self._loop.connect_accepted_socket(
                    lambda: protocol,
                    accepted,
                    ssl=self._tls.context,
                    ssl_handshake_timeout=self._tls.handshake_timeout_s,
                )

    def _opened(self, accepted: socket.socket, protocol: Protocol, task: asyncio.Task[None]) -> None:
        """Give back the place of a connection that was not opened; tell one that was opened too late to stop."""
        del self._opening[task]
        if protocol.transport is None:
            accepted.close()
            protocol.place.leave()
        elif task.cancelled():
            protocol.connection_lost(None)
        elif self._closed:
            protocol.shutdown()
