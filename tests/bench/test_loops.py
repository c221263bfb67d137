"""The generator against a server whose behaviour is known: rates, latencies from the due time, errors by kind."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from bench.connection import Pool
from bench.loops import Plan, Prepared, closed_loop, open_loop
from bench.recording import Recording

PLAN = Plan(warm_s=0.1, measured_s=0.6)
REQUEST = b"POST /embed HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Answer = Callable[[int], Awaitable[bytes]]


@asynccontextmanager
async def serve(answer: Answer) -> AsyncIterator[Pool]:
    """A server that answers the n-th request with `answer(n)`; nothing closes the connection."""
    numbers, writers = itertools.count(), set[asyncio.StreamWriter]()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            while await reader.readexactly(len(REQUEST)):
                content = await answer(next(numbers))
                if not content:
                    break
                writer.write(content)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    pool = Pool("127.0.0.1", server.sockets[0].getsockname()[1])
    try:
        yield pool
    finally:
        pool.close()
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.sleep(0.05)


def requests() -> Iterator[Prepared]:
    return itertools.repeat(Prepared(REQUEST, texts=2, tokens=10))


def load(answer: Answer, per_s: float | None = None, connections: int = 4, plan: Plan = PLAN) -> Recording:
    async def run() -> Recording:
        recording = Recording()
        async with serve(answer) as pool:
            if per_s is None:
                await closed_loop(pool, requests(), connections, plan, recording)
            else:
                await open_loop(pool, requests(), per_s, plan, recording)
        return recording

    return asyncio.run(run())


async def at_once(_: int) -> bytes:
    return GOOD


def slow(seconds: float) -> Answer:
    async def answer(_: int) -> bytes:
        await asyncio.sleep(seconds)
        return GOOD

    return answer


def test_a_closed_loop_counts_requests_texts_and_tokens() -> None:
    recording = load(slow(0.02))
    assert 20 <= recording.requests <= 4 * 0.6 / 0.02 + 4
    assert (recording.texts, recording.tokens) == (2 * recording.requests, 10 * recording.requests)
    figures = recording.figures(0.6)
    assert 20 <= figures.latency_ms["p50"] < 200
    assert figures.errors == {}


def test_an_open_loop_sends_at_its_rate() -> None:
    recording = load(at_once, per_s=200)
    assert recording.requests + sum(recording.errors.values()) == pytest.approx(120, abs=3)


def test_a_server_that_stalls_cannot_hide_from_an_open_loop() -> None:
    """The closed loop sees one slow answer a connection; the open loop sees every request that was due meanwhile."""

    def stalling() -> Answer:
        turn = asyncio.Lock()

        async def answer(number: int) -> bytes:
            async with turn:
                await asyncio.sleep(0.4 if number == 20 else 0)
            return GOOD

        return answer

    plan = Plan(warm_s=0.0, measured_s=0.8)
    opened = load(stalling(), per_s=100, plan=plan).figures(0.8)
    closed = load(stalling(), connections=1, plan=plan).figures(0.8)
    assert opened.latency_ms["p75"] > 50
    assert closed.latency_ms["p75"] < 50


def test_errors_are_counted_by_kind_and_not_timed() -> None:
    async def answer(number: int) -> bytes:
        return (GOOD, b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", b"", b"no HTTP\r\n\r\n")[
            number % 4
        ]

    recording = load(answer)
    assert recording.errors["429"] > 0
    assert recording.errors["connection"] > 0
    assert recording.requests > 0


def test_a_request_that_is_never_answered_is_a_timeout() -> None:
    recording = load(slow(30), plan=Plan(warm_s=0, measured_s=1, timeout_s=0.2))
    assert recording.requests == 0
    assert recording.errors["timeout"] >= 4


def test_what_cannot_be_sent_is_counted() -> None:
    recording = load(slow(0.5), per_s=200, plan=Plan(warm_s=0, measured_s=0.5, max_in_flight=10))
    assert recording.errors["not sent"] > 50


def test_what_is_due_before_the_measured_time_is_not_recorded() -> None:
    assert load(at_once, per_s=100, plan=Plan(warm_s=0.5, measured_s=0.1)).requests <= 12
