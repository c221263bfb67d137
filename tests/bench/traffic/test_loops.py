"""The generator against a server whose behaviour is known: rates, latencies from the due time, errors by kind."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from bench.traffic.connection import Pool
from bench.traffic.loops import Plan, closed_loop, open_loop
from bench.traffic.recording import Answer, ClassRecording, Recording
from bench.traffic.requests import Prepared
from bench.workload.arrivals import steady

pytestmark = pytest.mark.e2e  # rates and latencies are true on a machine that does nothing else

PLAN = Plan(warm_s=0.1, measured_s=0.6)
REQUEST = b"POST /embed HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Answering = Callable[[int], Awaitable[bytes]]


@asynccontextmanager
async def serve(answer: Answering) -> AsyncIterator[Pool]:
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


def load(answer: Answering, per_s: float | None = None, connections: int = 4, plan: Plan = PLAN) -> Recording:
    async def run() -> Recording:
        recording = Recording()
        async with serve(answer) as pool:
            if per_s is None:
                await closed_loop(pool, requests(), connections, plan, recording)
            else:
                await open_loop(pool, zip(steady(per_s), requests(), strict=False), plan, recording)
        return recording

    return asyncio.run(run())


async def at_once(_: int) -> bytes:
    return GOOD


def slow(seconds: float) -> Answering:
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

    def stalling() -> Answering:
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


def test_classes_of_requests_are_kept_apart() -> None:
    recording = ClassRecording(lambda request: "long" if request.tokens > 5 else "short")
    for tokens, kind, done_s in ((3, "", 0.5), (9, "", 0.9), (9, "429", 0.2)):
        recording.add(Answer(request=Prepared(b"", 1, tokens), kind=kind, due_s=0.1, done_s=done_s, late_s=0.01))
    assert recording.classes["short"].figures(1).latency_ms["max"] == pytest.approx(400, rel=0.01)
    long = recording.classes["long"].figures(1)
    assert (long.requests, long.errors, long.most_late_ms) == (1, {"429": 1}, 10)


def test_a_refusal_is_added_with_the_time_after_which_to_come_back() -> None:
    async def refuse(number: int) -> bytes:
        header = b"Retry-After: 7\r\n" if number % 2 else b""
        return b"HTTP/1.1 429 Too Many Requests\r\n" + header + b"Content-Length: 0\r\n\r\n"

    found: list[Answer] = []

    class Keeper:
        def add(self, answer: Answer) -> None:
            found.append(answer)

    async def run() -> None:
        async with serve(refuse) as pool:
            await open_loop(pool, zip(steady(50), requests(), strict=False), PLAN, Keeper())

    asyncio.run(run())
    assert {answer.kind for answer in found} == {"429"}
    assert {answer.retry_after for answer in found} == {"7", None}


def test_a_generator_that_falls_behind_says_by_how_much() -> None:
    def blocking() -> Iterator[tuple[float, Prepared]]:
        for number, request in enumerate(itertools.islice(requests(), 20)):
            if number == 10:
                time.sleep(0.3)
            yield 0.1 + number / 100, request

    async def run(recording: Recording) -> None:
        async with serve(at_once) as pool:
            await open_loop(pool, blocking(), Plan(warm_s=0, measured_s=1), recording)

    recording = Recording()
    asyncio.run(run(recording))
    assert recording.requests == 20
    assert 150 < recording.figures(1).most_late_ms < 600


def test_what_is_due_before_the_measured_time_is_not_recorded() -> None:
    assert load(at_once, per_s=100, plan=Plan(warm_s=0.5, measured_s=0.1)).requests <= 12
