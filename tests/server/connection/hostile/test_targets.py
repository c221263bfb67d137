"""Targets of every form, sensible or not: each gets its documented answer."""

import pytest

from tests.server.connection.hostile.door import Door
from tests.server.connection.hostile.raw import EMBED, assert_problem, assert_refused, get, post

HOST = b"host: 127.0.0.1\r\n"

REFUSED = {
    "NUL": b"/health/\x00live",
    "a control character": b"/health\x01",
    "a tab": b"/health\t",
    "a blank": b"/health /live",
    "DEL": b"/health\x7f",
    "a byte beyond ASCII": b"/h\xe9alth",
    "UTF-8": "/hälth".encode(),
    "a fragment": b"/health/live#there",
    "no slash": b"health/live",
    "another scheme": b"ftp://127.0.0.1/health/live",
    "a URL without a host": b"http:///health/live",
    "a URL with a user": b"http://me@127.0.0.1/health/live",
    "a star": b"*",
    "a question mark": b"?",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_target_is_refused(door: Door, case: str) -> None:
    assert_refused(door.ask(get(REFUSED[case])), 400)


UNKNOWN = {
    "percents without digits": b"/%",
    "percents with letters": b"/%zz%g0",
    "an encoded NUL": b"/health%00/live",
    "encoded bytes that are no UTF-8": b"/%ff%fe%c0%80",
    "an encoded surrogate": b"/%ed%a0%80",
    "an overlong slash": b"/health%c0%aflive",
    "encoded line ends": b"/health%0d%0aset-cookie:%20a=b",
    "dots": b"/../../etc/passwd",
    "encoded dots": b"/%2e%2e/%2e%2e/etc/passwd",
    "a backslash": b"/health\\live",
    "a tag": b"/<script>alert(1)</script>",
    "a long way": b"/a" * 2000,
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_a_path_that_nobody_serves_is_not_found(door: Door, case: str) -> None:
    answer = door.ask_open(get(UNKNOWN[case]))
    assert_problem(answer, 404)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("query", [b"?", b"?%", b"?%zz", b"?a=%ff", b"?&&==", b"?truncate=%00", b"?" + b"a=1&" * 500])
def test_a_query_that_nobody_reads_is_ignored(door: Door, query: bytes) -> None:
    assert door.ask_open(get(b"/health/live" + query)).status == 200


@pytest.mark.parametrize("target", [b"http://127.0.0.1/health/live", b"HTTP://127.0.0.1:1234/health/live?a=b"])
def test_a_whole_url_is_a_target_too(door: Door, target: bytes) -> None:
    assert door.ask_open(get(target)).status == 200


def test_the_host_of_a_whole_url_counts_and_the_header_does_not(door: Door) -> None:
    request = post(EMBED, path=b"http://elsewhere.example/embed")
    assert_problem(door.ask_open(request), 403)


def test_options_of_the_whole_server_name_no_route(door: Door) -> None:
    assert_problem(door.ask_open(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n"), 404)


@pytest.mark.parametrize("target", [b"127.0.0.1:443", b"elsewhere.example:443"])
def test_this_is_no_proxy(door: Door, target: bytes) -> None:
    assert_refused(door.ask(b"CONNECT " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n" + get(b"/stats")), 400)


@pytest.mark.parametrize("method", [b"DELETE", b"TRACE", b"PROPFIND", b"QUERY", b"PATCH"])
def test_a_method_that_a_route_lacks_is_not_allowed(door: Door, method: bytes) -> None:
    answer = door.ask_open(method + b" /embed HTTP/1.1\r\n" + HOST + b"\r\n")
    assert_problem(answer, 405)
    assert "POST" in answer.headers["allow"]


def test_http_0_9_gets_the_answer_of_those_who_never_finish(door: Door) -> None:
    assert_refused(door.ask(b"GET /health/live\r\n"), 408)
