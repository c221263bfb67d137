"""Sends the same request again and again, to servers that answer faster than `bench.traffic.loops` can send.

In: a request's bytes, and what every answer to it must hold. Out: the figures of a closed loop. Of an answer only the
length is parsed; its status and its embedding are compared as bytes.
"""

import asyncio
import re
import time
from collections import Counter

import msgspec
import numpy as np

from bench.errors import BenchError
from bench.figures.load import LoadFigures
from bench.traffic.connection import Pool
from bench.traffic.dialects import Dialect, decode_rows
from bench.traffic.loops import Plan
from bench.traffic.recording import PERCENTILES
from bench.traffic.target import HOST

OK = b"HTTP/1.1 200 "
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
MARKS = re.compile(rb'[\[\]{}"]')


class Exchange(msgspec.Struct, frozen=True):
    """A request's bytes, and the bytes that every answer to it holds."""

    request: bytes
    expected: bytes


async def learn(port: int, dialect: Dialect, request: bytes) -> Exchange:
    """Ask for one embedding until the cache has it, and return what every later answer must hold.

    Where two answers are the same, that is the whole body. Else, for bodies that hold an id or a time, it is the
    longest piece between JSON's marks: the numbers of the embedding, or its base64.

    Raises:
        BenchError: the server gives no embedding.
    """
    pool = Pool(HOST, port)
    replies = [await pool.send(request) for _ in range(3)]
    pool.close()
    for reply in replies:
        if reply.status != 200:
            message = f"{dialect.path} answered {reply.status}: {reply.body[:200]!r}"
            raise BenchError(message)
        decode_rows(dialect, reply, 1)
    _, second, third = (reply.body for reply in replies)
    return Exchange(request, second if second == third else max(MARKS.split(second), key=len))


async def repeat(port: int, exchange: Exchange, connections: int, plan: Plan, tokens: int) -> LoadFigures:
    """Keep a request in flight on every connection until the time is over; its one text has `tokens` tokens."""
    loop, tally = asyncio.get_running_loop(), Tally()
    callers = [
        (await loop.create_connection(lambda: Repeater(exchange, tally), HOST, port))[1] for _ in range(connections)
    ]
    for caller in callers:
        caller.send_first()
    await asyncio.sleep(plan.warm_s)
    tally.seconds.clear()  # errors of the warm time count
    start_s = time.perf_counter()
    await asyncio.sleep(plan.measured_s)
    seconds = time.perf_counter() - start_s
    for caller in callers:
        caller.close()
    return tally.figures(seconds, tokens, silent=sum(caller.answers == 0 for caller in callers))


class Tally:
    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.errors: Counter[str] = Counter()

    def figures(self, seconds: float, tokens: int, silent: int) -> LoadFigures:
        """Return the figures; each of the `silent` connections, which never got an answer, is a timeout."""
        times_ms = 1e3 * np.array(self.seconds)
        latency = {f"p{p:g}": float(np.percentile(times_ms, p)) if times_ms.size else 0.0 for p in PERCENTILES}
        per_s = times_ms.size / seconds
        return LoadFigures(
            seconds=seconds,
            requests=times_ms.size,
            errors=dict(self.errors + Counter({"timeout": silent})),
            requests_per_s=per_s,
            texts_per_s=per_s,
            tokens_per_s=per_s * tokens,
            latency_ms=latency,
            most_late_ms=0.0,
        )


class Repeater(asyncio.Protocol):
    """A connection that asks again as soon as it is answered."""

    def __init__(self, exchange: Exchange, tally: Tally) -> None:
        self._request, self._expected, self._tally = exchange.request, exchange.expected, tally
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._asked_s = 0.0
        self.answers = 0

    def send_first(self) -> None:
        assert self._transport is not None
        self._asked_s = time.perf_counter()
        self._transport.write(self._request)

    def close(self) -> None:
        assert self._transport is not None
        transport, self._transport = self._transport, None
        transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        if self._transport is not None:
            self._tally.errors["connection"] += 1

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        received = self._received + data if self._received else data
        size = answer_size(received)
        if size is None or len(received) < size:
            self._received = received
            return
        now_s = time.perf_counter()
        self._received = b""
        self.answers += 1
        if received.startswith(OK) and len(received) == size and self._expected in received:
            self._tally.seconds.append(now_s - self._asked_s)
        else:
            self._tally.errors[kind_of_error(received)] += 1
        self._asked_s = now_s
        self._transport.write(self._request)


def answer_size(received: bytes) -> int | None:
    """Return the size of the whole answer that begins so; None where its head is not complete.

    An answer without a length is taken to be what has been received.
    """
    end = received.find(HEAD_END)
    if end < 0:
        return None
    found = LENGTH.search(received, 0, end + 2)
    return end + len(HEAD_END) + int(found[1]) if found else len(received)


def kind_of_error(received: bytes) -> str:
    """Return the status of an unexpected answer, or `other answer` where that is 200 or missing."""
    status = received[len("HTTP/1.1 ") :][:3].decode("latin-1")
    return status if status.isdigit() and status != "200" else "other answer"
