"""Clients that take their time: whoever has the server wait is told so within the limit, and others are not hurt."""

import itertools
import time

import pytest

from tests.server.connection.hostile.door import KEEP_ALIVE_S, LIMIT_S, Door, in_time
from tests.server.connection.hostile.raw import EMBED, assert_refused, get, head, post

DRIP_S = 0.1


@pytest.mark.parametrize("start", [b"G", b"GET /health/live HTTP/1.1\r\nho", b"POST /embed HTTP/1.1\r\nhost: x\r\n"])
def test_headers_that_stop_coming_are_answered_408(door: Door, start: bytes) -> None:
    with door.open() as raw, in_time():
        raw.send(start)
        assert_refused(raw.answer(), 408)


def test_headers_that_come_in_drips_have_no_more_time_than_others(door: Door) -> None:
    with door.open() as raw, in_time():
        raw.send(b"GET /health/live HTTP/1.1\r\n")
        raw.drip((b"x-%d: y\r\n" % i for i in itertools.count()), DRIP_S)
        assert_refused(raw.answer(), 408)


def test_headers_that_are_slow_but_in_time_are_served(door: Door) -> None:
    request = get()
    with door.open() as raw:
        raw.drip((request[i : i + 10] for i in range(0, len(request), 10)), 0.6 / (len(request) / 10))
        assert raw.next_answer().status == 200


def test_a_connection_that_says_nothing_is_closed_without_a_word(door: Door) -> None:
    with door.open() as raw, in_time():
        assert raw.read() == b""


def test_empty_lines_are_not_a_request(door: Door) -> None:
    with door.open() as raw, in_time():
        raw.drip(itertools.repeat(b"\r\n"), DRIP_S)
        assert raw.read() == b""


def test_a_connection_that_is_idle_after_a_request_is_closed_without_a_word(door: Door) -> None:
    with door.open() as raw:
        raw.send(get())
        assert raw.next_answer().status == 200
        with in_time(KEEP_ALIVE_S):
            assert raw.read() == b""


def test_the_time_for_headers_begins_with_each_request_anew(door: Door) -> None:
    with door.open() as raw:
        for _ in range(3):
            raw.send(get())
            assert raw.next_answer().status == 200
            time.sleep(LIMIT_S * 0.6)
        with in_time():
            raw.send(b"GET /health")
            assert_refused(raw.answer(), 408)


@pytest.mark.parametrize("framing", [b"content-length: 1000", b"transfer-encoding: chunked"])
@pytest.mark.parametrize("route", [b"/embed", b"/embed/batch"])
def test_a_body_that_stops_coming_is_answered_408(door: Door, framing: bytes, route: bytes) -> None:
    with door.open() as raw, in_time():
        raw.send(head(route, framing) + b'3\r\n{"t')
        assert_refused(raw.answer(), 408)


def test_a_body_that_comes_in_drips_has_no_more_time_than_others(door: Door) -> None:
    with door.open() as raw, in_time():
        raw.send(head(b"/embed", b"content-length: 1000"))
        raw.drip(itertools.repeat(b" "), DRIP_S)
        assert_refused(raw.answer(), 408)


def test_chunks_that_come_in_drips_have_no_more_time_than_others(door: Door) -> None:
    with door.open() as raw, in_time():
        raw.send(head(b"/embed", b"transfer-encoding: chunked"))
        raw.drip(itertools.repeat(b"1\r\n \r\n"), DRIP_S)
        assert_refused(raw.answer(), 408)


def test_the_id_of_a_request_that_came_too_slowly_is_the_clients_own(door: Door) -> None:
    with door.open() as raw:
        raw.send(head(b"/embed", b"content-length: 1000", b"x-request-id: slow-7") + b"{")
        answer = raw.answer()
        assert_refused(answer, 408)
        assert answer.headers["x-request-id"] == "slow-7"


def test_a_body_that_is_slow_but_in_time_is_served(door: Door) -> None:
    with door.open() as raw:
        raw.send(head(b"/embed", b"content-length: %d" % len(EMBED)))
        raw.drip((EMBED[i : i + 3] for i in range(0, len(EMBED), 3)), 0.6 / (len(EMBED) / 3))
        assert raw.next_answer().embeddings()


def test_a_body_that_waits_to_be_asked_for_is_asked_for(door: Door) -> None:
    with door.open() as raw:
        raw.send(head(b"/embed", b"content-length: %d" % len(EMBED), b"expect: 100-continue"))
        assert raw.next_answer().status == 100
        raw.send(EMBED)
        assert raw.next_answer().embeddings()
        raw.send(get())
        assert raw.next_answer().status == 200


def test_a_body_that_was_asked_for_and_does_not_come_is_answered_408(door: Door) -> None:
    with door.open() as raw, in_time():
        raw.send(head(b"/embed", b"content-length: 10", b"expect: 100-continue"))
        interim, answer = raw.answers()
        assert interim.status == 100
        assert_refused(answer, 408)


def test_a_body_that_is_not_wanted_is_not_asked_for(door: Door) -> None:
    answer = door.ask(head(b"/nowhere", b"content-length: 10", b"expect: 100-continue"))
    assert answer.status == 404
    assert answer.headers["connection"] == "close"


def test_http_1_0_is_not_asked_for_its_body(door: Door) -> None:
    request = post(EMBED, b"expect: 100-continue").replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    assert door.ask(request).embeddings()
