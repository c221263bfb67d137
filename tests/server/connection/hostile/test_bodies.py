"""Bodies that are not what they say, or not what anybody should send."""

import gzip
import json

import pytest

from tests.server.connection.hostile.door import Door
from tests.server.connection.hostile.raw import EMBED, assert_problem, assert_refused, get, head, post

DEEP = 100_000
BAD = {
    "a list 100,000 deep": b'{"texts": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "a list that deep and open": b"[" * DEEP,
    "an object that deep": b'{"texts":' * DEEP + b"1" + b"}" * DEEP,
    "depth in an unknown field": b'{"a": ' + b"[" * DEEP + b"]" * DEEP + b', "texts": []}',
    "NaN": b'{"texts": [], "dimensions": NaN}',
    "Infinity": b'{"texts": [], "dimensions": Infinity}',
    "a number beyond a double": b'{"texts": [], "dimensions": 1e999}',
    "an integer of 100,000 digits": b'{"texts": [], "dimensions": ' + b"9" * 100_000 + b"}",
    "two byte order marks": b"\xef\xbb\xbf" * 2 + EMBED,
    "UTF-16": EMBED.decode().encode("utf-16"),
    "UTF-16 without a mark": EMBED.decode().encode("utf-16-le"),
    "UTF-32": EMBED.decode().encode("utf-32"),
    "bytes that are no UTF-8": b'{"texts": ["\xff\xfe\xfd"]}',
    "an overlong slash": b'{"texts": ["\xc0\xaf"]}',
    "a surrogate in UTF-8": b'{"texts": ["\xed\xa0\x80"]}',
    "half a surrogate pair": rb'{"texts": ["\ud800"]}',
    "a NUL between": b'{"texts": \x00[]}',
    "a control character in a string": b'{"texts": ["a\x01b"]}',
    "two documents": EMBED + EMBED,
    "a comment": b'{"texts": [] /* none */}',
    "single quotes": b"{'texts': []}",
    "nothing": b"",
    "blanks": b" " * 1000,
    "null": b"null",
    "a number": b"5",
    "a string": b'"texts"',
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_request_is_refused(door: Door, case: str) -> None:
    assert_problem(door.ask_open(post(BAD[case])), 400)


def test_of_a_field_that_comes_twice_the_last_counts(door: Door) -> None:
    found = door.ask_open(post(b'{"texts": ["a", "b"], "texts": ["c"]}'))
    assert len(found.embeddings()) == 1


def test_a_text_may_hold_nul_and_whatever_else_is_a_character(door: Door) -> None:
    text = "\x00\x01\x7f\u200b\u202e\ufeff\U0010ffff\U000e0041"
    assert len(door.ask_open(post(json.dumps({"texts": [text]}).encode())).embeddings()) == 1


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"zstd", b"gzip, gzip"])
def test_a_bomb_is_not_unpacked(door: Door, coding: bytes) -> None:
    bomb = gzip.compress(gzip.compress(bytes(50_000_000), 1))
    assert_problem(door.ask_open(post(bomb, b"content-encoding: " + coding)), 415)


def test_a_length_that_is_too_short_ends_the_request_there_and_the_rest_is_no_request(door: Door) -> None:
    with door.open() as raw:
        raw.send(head(b"/embed", b"content-length: 10") + EMBED)
        first, second = raw.answers()
    assert_problem(first, 400)
    assert_refused(second, 400)


def test_a_length_that_is_too_long_waits_for_the_rest_in_vain(door: Door) -> None:
    assert_refused(door.ask(head(b"/embed", b"content-length: %d" % (len(EMBED) + 1)) + EMBED), 408)


def test_what_was_sent_instead_of_the_rest_is_taken_for_it(door: Door) -> None:
    request = head(b"/embed", b"content-length: %d" % (len(EMBED) + 20)) + EMBED + get()
    with door.open() as raw:
        raw.send(request)
        assert_problem(raw.next_answer(), 400)  # the body is no JSON
        assert_refused(raw.next_answer(), 400)  # nor is what is left of the second one a request


def test_a_body_with_a_get_is_read_and_ignored(door: Door) -> None:
    with door.open() as raw:
        raw.send(get(b"/health/live", b"content-length: %d" % len(EMBED)) + EMBED + get())
        assert [raw.next_answer().status for _ in range(2)] == [200, 200]


def test_a_body_that_ends_early_is_told_so(door: Door) -> None:
    with door.open() as raw:
        raw.send(head(b"/embed", b"content-length: 1000") + b'{"texts": ')
        raw.half_close()
        assert_refused(raw.answer(), 400)
