"""Requests sent ahead are answered in order, whatever comes among them."""

import json
import random
import time
from contextlib import suppress

import pytest

from tests.server.connection.hostile.door import Door, in_time, resident_bytes
from tests.server.connection.hostile.raw import EMBED, Raw, assert_problem, assert_refused, get, head, post
from tests.server.engine.faults.daemon import FaultyServer
from tests.server.engine.faults.wire import Answer
from tests.server.polling import until

MALFORMED = b"GET / HTTP/1.1\r\nno host\r\n\r\n"


def numbered(i: int) -> bytes:
    return get(b"/health/live", b"x-request-id: n%d" % i)


def ids(answers: list[Answer]) -> list[str]:
    return [answer.headers["x-request-id"] for answer in answers]


@pytest.mark.parametrize("count", [2, 100, 5000])
def test_many_are_answered_in_order(door: Door, count: int) -> None:
    with door.open() as raw:
        raw.send(b"".join(numbered(i) for i in range(count)))
        answers = [raw.next_answer() for _ in range(count)]
        raw.send(numbered(count))
        answers.append(raw.next_answer())
    assert ids(answers) == [f"n{i}" for i in range(count + 1)]
    assert {answer.status for answer in answers} == {200}


def test_bodies_of_all_sizes_are_told_apart_wherever_the_pieces_end(door: Door) -> None:
    sizes = [1, 10, 16_000, 70_000, 3, 200_000, 40]
    texts = [[f"{i} {'a' * size}"] for i, size in enumerate(sizes)]
    data = b"".join(post(json.dumps({"texts": one}).encode(), b"x-request-id: n%d" % i) for i, one in enumerate(texts))
    pieces = random.Random(7)
    with door.open() as raw:
        while data:
            size = pieces.choice([1, 100, 5000, 60_000])
            raw.send(data[:size])
            data = data[size:]
        answers = [raw.next_answer() for _ in sizes]
    assert ids(answers) == [f"n{i}" for i in range(len(sizes))]
    assert all(len(answer.embeddings()) == 1 for answer in answers)


@pytest.mark.parametrize("before", [1, 3, 500])
def test_a_malformed_one_is_answered_after_those_before_it_and_is_the_last(door: Door, before: int) -> None:
    requests = [post(EMBED, b"x-request-id: n%d" % i) for i in range(before)]
    with door.open() as raw:
        raw.send_what_it_takes(b"".join(requests) + MALFORMED + get(b"/stats") * 100)
        *answers, last = raw.answers()
    assert ids(answers) == [f"n{i}" for i in range(before)]
    assert {answer.status for answer in answers} == {200}
    assert_refused(last, 400)


def test_a_head_request_is_answered_before_what_is_malformed_after_it(door: Door) -> None:
    with door.open() as raw:
        raw.send(head(b"/health/live", b"x-request-id: n0", method=b"HEAD") + b"\r\n" + MALFORMED)
        data = raw.read()
    first, _, rest = data.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200 ")
    assert b"x-request-id: n0" in first
    assert rest.startswith(b"HTTP/1.1 400 ")


def test_a_body_that_is_no_request_does_not_end_the_connection(door: Door) -> None:
    with door.open() as raw:
        raw.send((numbered(1) + post(b"{") + get(b"/nowhere") + post(EMBED)) * 50)
        answers = [raw.next_answer() for _ in range(200)]
    assert [answer.status for answer in answers] == [200, 400, 404, 200] * 50


def test_one_that_asks_to_close_is_the_last(door: Door) -> None:
    with door.open() as raw:
        raw.send_what_it_takes(numbered(1) + get(b"/health/live", b"connection: close") + numbered(3) * 1000)
        first, last = raw.answers()
    assert (first.status, last.status) == (200, 200)
    assert last.headers["connection"] == "close"


def test_one_that_never_ends_is_answered_408_after_those_before_it(door: Door) -> None:
    with door.open() as raw, in_time():
        raw.send(numbered(1) + numbered(2) + head(b"/embed", b"content-length: 100") + b"{")
        first, second, last = raw.answers()
    assert ids([first, second]) == ["n1", "n2"]
    assert_refused(last, 408)


def test_a_body_in_chunks_that_goes_wrong_spoils_only_itself(door: Door) -> None:
    bad = head(b"/embed", b"transfer-encoding: chunked") + b'5\r\n{"tex\r\nnonsense\r\n'
    with door.open() as raw:
        raw.send_what_it_takes(numbered(1) + bad + numbered(2))
        first, last = raw.answers()
    assert ids([first]) == ["n1"]
    assert_refused(last, 400)


def test_what_is_sent_ahead_without_end_is_not_read(held: FaultyServer) -> None:
    before = resident_bytes(held.process.pid)
    with Raw(held.address) as raw:
        with held.held():
            raw.send(post(b'{"texts": ["holds up the others"], "cache": false}'))
            until(lambda: "holds up the others" in held.texts_run())
            raw.socket.settimeout(1)
            sent, block = 0, get() * 1000
            with suppress(TimeoutError):
                while sent < 64 << 20:
                    sent += raw.socket.send(block[sent % len(block) :])
            grown = resident_bytes(held.process.pid) - before
        assert sent < 16 << 20
        assert grown < 16 << 20
        raw.socket.settimeout(20)
        assert [raw.next_answer().status for _ in range(1000)] == [200] * 1000


def test_whoever_sends_faster_than_it_is_served_is_slowed_down(door: Door) -> None:
    before = resident_bytes(door.running.process.pid)
    with door.open() as raw:
        raw.socket.setblocking(False)
        sent, block, end_s = 0, get() * 1000, time.monotonic() + 1.5
        while time.monotonic() < end_s and sent < 64 << 20:
            with suppress(BlockingIOError):
                sent += raw.socket.send(block[sent % len(block) :])
            with suppress(BlockingIOError):
                raw.socket.recv(65536)
        assert sent < 16 << 20
        assert resident_bytes(door.running.process.pid) - before < 16 << 20


def test_an_answer_that_comes_before_the_body_is_the_last(door: Door) -> None:
    with door.open() as raw:
        raw.send(head(b"/nowhere", b"content-length: %d" % len(EMBED)))
        assert_problem(raw.next_answer(), 404)
        raw.send_what_it_takes(EMBED + numbered(2))
        assert raw.read() == b""
