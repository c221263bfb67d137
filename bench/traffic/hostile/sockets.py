"""Attacks that are no requests: silent and half-silent connections, hellos, answers that nobody takes, streams."""

import asyncio
import contextlib
import resource
import socket
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from random import Random

import msgspec

from bench.traffic.hostile.hello import make_hello
from bench.traffic.hostile.orders import Orders, address_of
from bench.traffic.hostile.requests import client_of, prose, unread
from bench.traffic.messages import NDJSON
from bench.traffic.target import HOST

HALF_HEAD = b"POST /embed HTTP/1.1\r\nhost: 127.0.0.1\r\nx: "
SWEEP_S, BITE_BYTES, BITE_S = 0.5, 2000, 0.1
SMALL_BUFFER = 4096
NO_LINGER = struct.pack("ii", 1, 0)
LINES = 64
FEW = 32  # connections beyond which a client of the system's own limit opens none

Counts = Counter[str]


def crowd(orders: Orders, counts: Counts, addresses: int) -> None:
    """Keep as many connections open as there are clients, every second one with half a head; without end."""
    most = min(orders.clients, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - FEW)
    held: list[socket.socket] = []
    while True:
        alive = [one for one in held if _is_open(one)]
        for one in set(held) - set(alive):
            one.close()
        counts["closed by the server"] += len(held) - len(alive)
        held = alive
        while len(held) < most:
            try:
                held.append(_connect(orders.port, address_of(len(held) % addresses + 1)))
                held[-1].send(HALF_HEAD if len(held) % 2 else b"")
                counts["opened"] += 1
            except OSError as error:
                counts[type(error).__name__] += 1
                break
        time.sleep(SWEEP_S)


def _connect(port: int, source: str) -> socket.socket:
    one = socket.socket()
    one.settimeout(5)
    one.bind((source, 0))
    one.connect((HOST, port))
    one.setblocking(False)
    return one


def _is_open(one: socket.socket) -> bool:
    try:
        return bool(one.recv(65536))
    except BlockingIOError:
        return True
    except OSError:
        return False


async def hellos(orders: Orders, counts: Counts, client: int) -> None:
    """Offer finite-field groups again and again; every fourth client sends a little, and then nothing."""
    while True:
        reader, writer = await asyncio.open_connection(HOST, orders.port, local_addr=(address_of(client + 1), 0))
        writer.write(make_hello() if client % 4 else b"\x16\x03\x01\x02")
        with contextlib.suppress(OSError):
            await reader.read()
        counts["ended"] += 1
        writer.close()


async def trickle(orders: Orders, counts: Counts, client: int) -> None:
    """Ask for large answers, and take a little of them."""
    request = next(unread(client_of(orders, client)))
    loop = asyncio.get_running_loop()
    while True:
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        one.bind((address_of(client + 1), 0))
        one.setblocking(False)
        with contextlib.closing(one), contextlib.suppress(OSError):
            await loop.sock_connect(one, (HOST, orders.port))
            await loop.sock_sendall(one, request)
            counts["asked"] += 1
            while await loop.sock_recv(one, BITE_BYTES):
                await asyncio.sleep(BITE_S)
        counts["ended"] += 1
        await asyncio.sleep(BITE_S)


async def stream(orders: Orders, counts: Counts, client: int) -> None:
    """Send lines without end, as fast as they are taken."""
    own = client_of(orders, client)
    lines = "".join(f"{name}: {value}\r\n" for name, value in own.headers.items())
    head = f"POST /index/batch HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: {NDJSON}\r\ntransfer-encoding: chunked\r\n"
    while True:
        _, writer = await asyncio.open_connection(HOST, orders.port, local_addr=(address_of(client + 1), 0))
        # With its end the system forgets what it has sent and nobody has read: megabytes, for which work would go on.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        with contextlib.suppress(OSError):
            writer.write(f"{head}{lines}\r\n".encode())
            while True:
                chunk = b"".join(_line(own.random) for _ in range(LINES))
                writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                await writer.drain()
                counts["lines"] += LINES
        counts["ended"] += 1
        writer.close()
        await asyncio.sleep(BITE_S)


def _line(random_: Random) -> bytes:
    return msgspec.json.encode({"id": f"line/{random_.randrange(50_000)}", "text": prose(random_, 200)}) + b"\n"


ATTACKS: Mapping[str, Callable[[Orders, Counts, int], Awaitable[None]]] = {
    "handshakes": hellos,
    "unread": trickle,
    "streams": stream,
}
