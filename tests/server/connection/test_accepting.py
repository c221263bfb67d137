"""A stop that meets connections while they are opened: each is told of it or closed, and gives its place back."""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import cast

import pytest
import uvloop

from server.connection.accepting import TLS_TURN, TURN, Acceptor
from server.connection.protocol import Protocol
from server.connection.room import Limits, Place, Room
from server.connection.tls import Tls
from tests.server.connection.hostile.certificates import make_certificate

TURNS = range(6)


class Opened(asyncio.Protocol):
    """What the acceptor knows of a protocol; it closes as soon as it is told to stop."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.transport: asyncio.Transport | None = None
        self.told = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.place.leave()

    def shutdown(self) -> None:
        self.told = True
        assert self.transport is not None
        self.transport.close()


async def _close_after(turns: int, context: ssl.SSLContext | None) -> tuple[Room, list[Opened]]:
    """Close an acceptor so many turns of the event loop after its clients came; its protocols that were made by then.

    The server stops those that there are when it closes; any other must end by itself.
    """
    count = TURN if context is None else TLS_TURN  # so that all are accepted in one turn
    room, made = Room(Limits(count, count)), list[Opened]()

    def make(place: Place) -> Protocol:
        made.append(Opened(place))
        return cast("Protocol", made[-1])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        acceptor = Acceptor(listener, room, make, None if context is None else Tls(context, 10))
        clients = [socket.create_connection(listener.getsockname()) for _ in range(count)]
        while not made:
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        acceptor.close()
        for protocol in made:
            if protocol.transport is not None:
                protocol.shutdown()
    await acceptor.wait_closed()
    for _ in range(100):
        await asyncio.sleep(0.01)
        if not room.taken:
            break
    for client in clients:
        client.close()
    return room, made


@pytest.mark.parametrize("turns", TURNS)
def test_connections_that_are_opened_while_the_server_stops_end(turns: int) -> None:
    room, made = uvloop.run(_close_after(turns, None))
    assert len(made) == TURN
    assert room.taken == 0
    assert all(protocol.told for protocol in made)


@pytest.mark.parametrize("turns", TURNS)
def test_handshakes_that_are_not_done_end_with_the_server(turns: int, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    files = make_certificate(tmp_path)
    context.load_cert_chain(files["tls_certificate"], files["tls_key"])
    room, made = uvloop.run(_close_after(turns, context))
    assert len(made) == TLS_TURN
    assert room.taken == 0
