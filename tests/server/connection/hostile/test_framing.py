"""Requests that two readers could read in two ways are refused, and nothing after them is read."""

import pytest

from tests.server.connection.hostile.door import Door
from tests.server.connection.hostile.raw import assert_refused, get, head

HOST = b"host: 127.0.0.1\r\n"
POST = b"POST /embed HTTP/1.1\r\n" + HOST + b"content-type: application/json\r\n"
GET = b"GET /health/live HTTP/1.1\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"
# What must never be answered.
SMUGGLED = get(b"/stats")

MALFORMED = {
    "length and chunks": POST + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": POST + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"content-length: 5\r\ncontent-length: 6\r\n\r\n",
    "the same length twice": POST + b"content-length: 0\r\ncontent-length: 0\r\n\r\n",
    "a list of lengths": POST + b"content-length: 0, 0\r\n\r\n",
    "a signed length": POST + b"content-length: +0\r\n\r\n",
    "a negative length": POST + b"content-length: -1\r\n\r\n",
    "a hexadecimal length": POST + b"content-length: 0x0\r\n\r\n",
    "an empty length": POST + b"content-length:\r\n\r\n",
    "a length beyond 64 bits": POST + b"content-length: 99999999999999999999999\r\n\r\n",
    "chunks twice": POST + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks not last": POST + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a coding without chunks": POST + b"transfer-encoding: identity\r\n\r\n",
    "chunks that are misspelt": POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks behind a vertical tab": POST + b"transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": CHUNKED.replace(b"1.1", b"1.0", 1) + b'd\r\n{"texts": []}\r\n0\r\n\r\n',
    "a chunk size that is no number": CHUNKED + b"zz\r\n",
    "a chunk size with a sign": CHUNKED + b"-1\r\n",
    "a chunk size with 0x": CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
    "a chunk size beyond 64 bits": CHUNKED + b"fffffffffffffffff\r\n",
    "an empty chunk size": CHUNKED + b"\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"1\r\nabc\r\n0\r\n\r\n",
    "a bare LF after a chunk size": CHUNKED + b"0\n\r\n",
    "a length in the trailers": CHUNKED + b"0\r\ncontent-length: 5\r\n\r\n",
    "a folded header": GET + HOST + b"a: b\r\n c\r\n\r\n",
    "a fold before any header": GET + b" " + HOST + b"\r\n",
    "a space before the colon": GET + b"host : 127.0.0.1\r\n\r\n",
    "a header without a colon": GET + HOST + b"nonsense\r\n\r\n",
    "a header without a name": GET + HOST + b": value\r\n\r\n",
    "a bare LF": GET + b"host: 127.0.0.1\n\r\n",
    "bare LFs alone": b"GET /health/live HTTP/1.1\nhost: 127.0.0.1\n\n",
    "a bare CR in a header": GET + b"host: 127.0.0.1\rx: y\r\n\r\n",
    "a bare CR before a header": GET + HOST + b"\rx: y\r\n\r\n",
    "NUL in a header": GET + HOST + b"a: b\0c\r\n\r\n",
    "NUL in a header's name": GET + HOST + b"a\0: b\r\n\r\n",
    "a control character in a header": GET + HOST + b"a: b\x01c\r\n\r\n",
    "DEL in a header": GET + HOST + b"a: b\x7fc\r\n\r\n",
    "no host": GET + b"\r\n",
    "two hosts": GET + HOST + HOST + b"\r\n",
    "a method that nobody knows": b"FROB /health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method in lower case": b"get /health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a version that nobody knows": b"GET /health/live HTTP/7.3\r\n" + HOST + b"\r\n",
    "another protocol": b"GET /health/live NTTP/1.1\r\n" + HOST + b"\r\n",
    "a ClientHello": bytes.fromhex("16030100f1010000ed0303") + bytes(range(1, 200)),
    "the greeting of SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_malformed_is_refused_and_nothing_after_it_is_read(door: Door, case: str) -> None:
    assert_refused(door.ask(MALFORMED[case] + SMUGGLED), 400)


@pytest.mark.parametrize("case", MALFORMED)
def test_byte_by_byte_it_is_refused_too(door: Door, case: str) -> None:
    with door.open() as raw:
        for value in MALFORMED[case]:
            raw.send_what_it_takes(bytes([value]))
        assert_refused(raw.answer(), 400)


def test_a_coding_that_nobody_knows_is_told_from_a_mistake(door: Door) -> None:
    assert_refused(door.ask(POST + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + SMUGGLED), 501)


@pytest.mark.parametrize("version", [b"0.9", b"2.0"])
def test_versions_that_are_not_spoken_are_refused(door: Door, version: bytes) -> None:
    assert_refused(door.ask(b"GET /health/live HTTP/" + version + b"\r\n" + HOST + b"\r\n" + SMUGGLED), 505)


def test_http_1_0_needs_no_host_and_its_connection_ends(door: Door) -> None:
    answer = door.ask(b"GET /health/live HTTP/1.0\r\n\r\n")
    assert answer.status == 200
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("wish", [b"h2c", b"websocket", b"TLS/1.3, foo"])
def test_an_upgrade_is_ignored_and_the_request_answered_with_its_body(door: Door, wish: bytes) -> None:
    body = b'{"texts": ["upgrade me", "if you can"]}'
    extra = (b"connection: Upgrade, HTTP2-Settings", b"upgrade: " + wish, b"http2-settings: AAMAAABkAAQCAAAAAAIAAAAA")
    request = head(b"/embed", b"content-length: %d" % len(body), *extra) + body
    with door.open() as raw:
        raw.send(request + request + get(b"/health/live", *extra))
        answers = [raw.next_answer() for _ in range(3)]
    assert [len(one.embeddings()) for one in answers[:2]] == [2, 2]
    assert answers[2].status == 200
    assert not any("upgrade" in one.headers for one in answers)


def test_a_trailer_does_not_become_a_header(door: Door) -> None:
    trailers = b"x-request-id: from-a-trailer\r\ncontent-encoding: gzip\r\n"
    answer = door.ask_open(CHUNKED + b'd\r\n{"texts": []}\r\n0\r\n' + trailers + b"\r\n")
    assert answer.embeddings() == []
    assert answer.headers["x-request-id"] != "from-a-trailer"
