"""What is larger than a limit is refused once that is known, without waiting for the rest or keeping what came."""

import json
from collections.abc import Iterator

import pytest

from tests.server.connection.hostile.door import (
    MAX_BODY_BYTES,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_URL_BYTES,
    Door,
    in_time,
    resident_bytes,
)
from tests.server.connection.hostile.raw import Raw, assert_problem, assert_refused, get, head, post

MIB = 1 << 20
CHUNKED = head(b"/embed", b"transfer-encoding: chunked")


def endless(piece: bytes, mib: int = 64) -> Iterator[bytes]:
    """Yield far more than any buffer holds."""
    block = piece * (65536 // len(piece))
    for _ in range(mib * MIB // len(block)):
        yield block


def send_until_answered(raw: Raw, start: bytes, pieces: Iterator[bytes]) -> int:
    """Send until an answer is there, and return how much was sent."""
    raw.send(start)
    sent = 0
    for piece in pieces:
        raw.send_what_it_takes(piece)
        sent += len(piece)
        if raw.hears_within(0.001):
            return sent
    return sent


HEADERS = {
    "one of 100 KB": [b"x: " + b"y" * 100_000],
    "100 KB together": [b"x-%d: " % i + b"y" * 2500 for i in range(40)],
    "5,000": [b"x-%d: y" % i for i in range(5000)],
    "one more than may be": [b"x-%d: y" % i for i in range(MAX_HEADERS)],
    "one that is a little too large": [b"x: " + b"y" * MAX_HEADER_BYTES],
    "some that are a little too large": [b"x-%d: " % i + b"y" * 1024 for i in range(16)],
    "one of 100 KB of blanks": [b"x: " + b" " * 100_000 + b"y"],
    "one with a name of 100 KB": [b"x" * 100_000 + b": y"],
}


@pytest.mark.parametrize("case", HEADERS)
def test_headers_beyond_the_limits_are_refused(door: Door, case: str) -> None:
    assert_refused(door.ask(get(b"/health/live", *HEADERS[case])), 431)


def test_headers_at_the_limits_are_served(door: Door) -> None:
    assert door.ask_open(get(b"/health/live", *(b"x-%d: y" % i for i in range(MAX_HEADERS - 1)))).status == 200
    assert door.ask_open(get(b"/health/live", b"x: " + b"y" * (MAX_HEADER_BYTES - 100))).status == 200


def test_a_target_beyond_the_limit_is_refused(door: Door) -> None:
    assert_refused(door.ask(get(b"/" + b"x" * MAX_URL_BYTES)), 414)
    assert_refused(door.ask(get(b"/health/live?" + b"x" * 100_000)), 414)


def test_a_target_at_the_limit_is_served(door: Door) -> None:
    path = b"/health/live?"
    assert door.ask_open(get(path + b"x" * (MAX_URL_BYTES - len(path)))).status == 200


ENDLESS = {
    "a target": (b"GET /", b"x", 414),
    "a method's blanks": (b"GET ", b" ", 431),
    "a header's value": (b"GET / HTTP/1.1\r\nx: ", b"y", 431),
    "a header's name": (b"GET / HTTP/1.1\r\n", b"x", 431),
    "headers": (b"GET / HTTP/1.1\r\n", b"x: y\r\n", 431),
    "a chunk's extension": (CHUNKED + b"1;", b"x", 431),
    "trailers": (CHUNKED + b"0\r\n", b"x: y\r\n", 431),
    "a trailer": (CHUNKED + b"0\r\nx: ", b"y", 431),
    "leading zeros of a chunk size": (CHUNKED, b"0", 431),
    "chunks": (CHUNKED, b"8\r\n        \r\n", 413),
    "small chunks with extensions": (CHUNKED, b"1;" + b"x" * 50 + b"\r\n \r\n", 431),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_what_never_ends_is_refused_early_and_not_kept(door: Door, case: str) -> None:
    start, piece, status = ENDLESS[case]
    before = resident_bytes(door.running.process.pid)
    with door.open() as raw:
        sent = send_until_answered(raw, start, endless(piece))
        assert_refused(raw.answer(), status) if status != 413 else assert_problem(raw.answer(), status)
    assert sent < 16 * MIB
    assert resident_bytes(door.running.process.pid) - before < 16 * MIB


def test_a_length_beyond_the_limit_is_refused_before_the_body_comes(door: Door) -> None:
    with door.open() as raw, in_time(0.1):
        raw.send(head(b"/embed", b"content-length: %d" % (MAX_BODY_BYTES + 1)))
        assert_refused(raw.next_answer(), 413)


def test_whoever_sends_a_large_body_all_the_same_can_read_the_refusal(door: Door) -> None:
    assert_refused(door.ask(post(b" " * (MAX_BODY_BYTES + 1))), 413)


def test_it_is_refused_without_being_asked_for(door: Door) -> None:
    request = head(b"/embed", b"content-length: %d" % (MAX_BODY_BYTES + 1), b"expect: 100-continue")
    assert_refused(door.ask(request), 413)


def test_a_body_at_the_limit_is_read(door: Door) -> None:
    body = json.dumps({"texts": []}).encode().ljust(MAX_BODY_BYTES)
    assert door.ask_open(post(body)).embeddings() == []


def test_many_small_chunks_are_no_attack(door: Door) -> None:
    body = json.dumps({"texts": ["a" * 20_000]}).encode()
    chunks = b"".join(b"1\r\n%c\r\n" % value for value in body)
    assert len(door.ask_open(CHUNKED + chunks + b"0\r\n\r\n").embeddings()) == 1


def test_what_the_application_never_saw_is_counted(door: Door) -> None:
    def refused() -> float:
        lines = door.ask_open(get(b"/metrics")).body.decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if 'status="431"' in line)

    before = refused()
    door.ask(get(b"/health/live", *HEADERS["5,000"]))
    assert refused() == before + 1
