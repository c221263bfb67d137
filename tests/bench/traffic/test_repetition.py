"""The light loop against servers whose behaviour is known: it counts right answers, and nothing else."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bench.errors import BenchError
from bench.figures.load import LoadFigures
from bench.traffic.dialects import DIALECTS
from bench.traffic.loops import Plan
from bench.traffic.repetition import Exchange, answer_size, kind_of_error, learn, repeat
from bench.traffic.target import HOST

PLAN = Plan(warm_s=0.1, measured_s=0.4)
REQUEST = b"POST /embed HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
BODY = b'{"embeddings":[[0.5,1.5]],"cached_count":1}'
EXCHANGE = Exchange(REQUEST, BODY)

Answering = Callable[[int], bytes]


def answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\ndate: now\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


GOOD = answer(BODY)


@asynccontextmanager
async def serve(answering: Answering, pause_s: float = 0.0) -> AsyncIterator[int]:
    """A server that answers the n-th request with `answering(n)`, in two parts; it closes where that is empty."""
    numbers, tasks = itertools.count(), set[asyncio.Task[None] | None]()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            while await reader.readexactly(len(REQUEST)):
                content = answering(next(numbers))
                if not content:
                    break
                await asyncio.sleep(pause_s)
                writer.write(content[:30])
                await asyncio.sleep(0)
                writer.write(content[30:])
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.sleep(0.02)


def load(answering: Answering, pause_s: float = 0.0, connections: int = 4) -> LoadFigures:
    async def run() -> LoadFigures:
        async with serve(answering, pause_s) as port:
            return await repeat(port, EXCHANGE, connections, PLAN, tokens=10)

    return asyncio.run(run())


def learned(answering: Answering) -> Exchange:
    async def run() -> Exchange:
        async with serve(answering) as port:
            return await learn(port, DIALECTS["native"], REQUEST)

    return asyncio.run(run())


def test_right_answers_are_counted_and_timed() -> None:
    figures = load(lambda _: GOOD, pause_s=0.02)
    assert figures.errors == {}
    assert 8 <= figures.requests <= 4 * 0.4 / 0.02 + 4
    assert figures.requests_per_s == pytest.approx(figures.requests / figures.seconds)
    assert figures.tokens_per_s == pytest.approx(10 * figures.requests_per_s)
    assert 20 <= figures.latency_ms["p50"] <= figures.latency_ms["p99"] < 300


def test_a_refusal_another_body_and_a_body_that_is_cut_short_are_errors() -> None:
    wrong = (
        GOOD,
        answer(b'{"status":429}', b"429 Too Many Requests"),
        answer(b'{"embeddings":[[0.5,1.25]],"cached_count":1}'),
        answer(BODY[:-1]),
    )
    figures = load(lambda number: wrong[number % 4], pause_s=0.005)
    assert figures.requests > 0
    assert figures.errors.keys() == {"429", "other answer"}
    assert figures.errors["other answer"] > figures.errors["429"] > 0


def test_a_connection_that_is_closed_is_an_error_whenever_that_was() -> None:
    assert load(lambda number: b"" if number == 0 else GOOD, pause_s=0.01).errors == {"connection": 1, "timeout": 1}


def test_a_server_that_is_silent_gives_a_timeout_on_each_connection() -> None:
    figures = load(lambda _: GOOD, pause_s=30)
    assert (figures.requests, figures.errors) == (0, {"timeout": 4})
    assert figures.latency_ms["p50"] == 0


def test_the_whole_body_is_expected_where_it_is_always_the_same() -> None:
    bodies = itertools.chain([BODY.replace(b"1}", b"0}")], itertools.repeat(BODY))
    assert learned(lambda _: answer(next(bodies))) == EXCHANGE


def test_the_embedding_is_expected_where_the_rest_varies() -> None:
    found = learned(lambda number: answer(b'{"id":"%d","embeddings":[[0.5,1.5,2.5]]}' % number))
    assert found.expected == b"0.5,1.5,2.5"


@pytest.mark.parametrize(
    ("reply", "told"),
    [(answer(b"no key", b"401 Unauthorized"), "/embed answered 401"), (answer(b"{}"), "gave no embeddings")],
)
def test_a_server_that_gives_no_embedding_is_refused(reply: bytes, told: str) -> None:
    with pytest.raises(BenchError, match=told):
        learned(lambda _: reply)


def test_an_answer_is_as_long_as_its_head_says() -> None:
    assert answer_size(GOOD[:-5]) == answer_size(GOOD + b"x") == len(GOOD)
    assert answer_size(GOOD[:40]) is None
    assert answer_size(b"HTTP/1.1 200 OK\r\n\r\ncontent-length: 9\r\n") == 38


def test_an_error_is_named_by_its_status() -> None:
    assert kind_of_error(b"HTTP/1.1 503 Service Unavailable\r\n\r\n") == "503"
    assert kind_of_error(b"HTTP/1.1 200 OK\r\n\r\n") == kind_of_error(b"no HTTP at all") == "other answer"
