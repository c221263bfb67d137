"""Targets and headers, judged without a connection."""

import pytest

from server.connection.framing import Framing, Target, check_head, read_target
from server.connection.refusal import RefusedError

HOST = (b"host", b"here")


STREAMED = Framing(chunked=False, expects_continue=False, streamed=True)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (b"/a?b=c?d", Target(b"/a", b"b=c?d")),
        (b"//a", Target(b"//a", b"")),
        (b"http://there", Target(b"/", b"", b"there")),
        (b"http://there/", Target(b"/", b"", b"there")),
        (b"HTTPS://there:1/a/b?c", Target(b"/a/b", b"c", b"there:1")),
        (b"http://there?a=/b", Target(b"/", b"a=/b", b"there")),
    ],
)
def test_a_target_is_a_path_or_a_url(url: bytes, target: Target) -> None:
    assert read_target(b"GET", url) == target


@pytest.mark.parametrize("url", [b"", b"*", b"a", b"/a#b", b"there:443", b"http://", b"http:///a", b"http://me@there/"])
def test_anything_else_is_none(url: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        read_target(b"GET", url)
    assert refused.value.refusal.status == 400


def test_the_star_is_for_options_and_no_target_is_for_connect() -> None:
    assert read_target(b"OPTIONS", b"*") == Target(b"*", b"")
    with pytest.raises(RefusedError):
        read_target(b"CONNECT", b"http://there/")


@pytest.mark.parametrize(
    ("version", "headers", "framing"),
    [
        ("1.1", [HOST], Framing(chunked=False, expects_continue=False)),
        ("1.0", [], Framing(chunked=False, expects_continue=False)),
        ("1.1", [HOST, (b"transfer-encoding", b" Chunked ")], Framing(chunked=True, expects_continue=False)),
        ("1.1", [HOST, (b"expect", b"100-Continue")], Framing(chunked=False, expects_continue=True)),
        ("1.0", [HOST, (b"expect", b"100-continue")], Framing(chunked=False, expects_continue=False)),
        ("1.1", [HOST, (b"content-length", b"10")], Framing(chunked=False, expects_continue=False)),
        ("1.1", [HOST, (b"content-type", b"Application/x-NDJSON ; charset=utf-8")], STREAMED),
        ("1.1", [HOST, (b"content-type", b"application/x-ndjsonfoo")], Framing(chunked=False, expects_continue=False)),
    ],
)
def test_headers_say_how_the_body_comes(version: str, headers: list[tuple[bytes, bytes]], framing: Framing) -> None:
    assert check_head(version, headers, max_headers=2, max_body_bytes=10) == framing


@pytest.mark.parametrize(
    ("version", "headers", "status"),
    [
        ("0.9", [HOST], 505),
        ("2.0", [HOST], 505),
        ("1.1", [], 400),
        ("1.1", [HOST, HOST], 400),
        ("1.0", [HOST, HOST], 400),
        ("1.1", [HOST, (b"a", b"b"), (b"a", b"b")], 431),
        ("1.1", [HOST, (b"content-length", b"11")], 413),
        ("1.0", [HOST, (b"transfer-encoding", b"chunked")], 400),
        ("1.1", [HOST, (b"transfer-encoding", b"gzip")], 400),
        ("1.1", [HOST, (b"transfer-encoding", b"gzip, chunked")], 501),
    ],
)
def test_what_is_ambiguous_or_too_large_is_refused(
    version: str, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    with pytest.raises(RefusedError) as refused:
        check_head(version, headers, max_headers=2, max_body_bytes=10)
    assert refused.value.refusal.status == status
