"""Bodies of lines that never end, come too slowly, hold too much, or whose sender does not read: others are served."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.server.connection.hostile.door import KEEP_ALIVE_S, LIMIT_S, Door, in_time, resident_bytes, start_door
from tests.server.connection.hostile.raw import Raw, assert_refused, get, head, post
from tests.server.polling import until

BATCH = b"/collections/streams/index/batch"
NDJSON = b"content-type: application/x-ndjson"
MIB = 1024 * 1024


def start(*headers: bytes, path: bytes = BATCH) -> bytes:
    return head(path, *headers).replace(b"content-type: application/json", NDJSON)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def line(number: int, text: str = "a text") -> bytes:
    return json.dumps({"id": f"d{number}", "text": text}).encode() + b"\n"


@pytest.fixture
def streams(door: Door) -> Iterator[Door]:
    """A door with a collection for streams, which cuts no texts: their vectors are not what is looked at."""
    settings = b'{"passages": false}'
    request = head(b"/collections/streams", b"content-length: %d" % len(settings), method=b"PUT") + settings
    assert door.ask_open(request).status == 200
    yield door
    assert door.ask_open(head(b"/collections/streams", b"content-length: 0", method=b"DELETE")).status == 200


@pytest.mark.parametrize("framing", [b"content-length: 1000", b"transfer-encoding: chunked"])
@pytest.mark.parametrize("begun", [b"", b'{"id', line(1) * 3])
def test_a_stream_that_says_nothing_is_answered_408(streams: Door, framing: bytes, begun: bytes) -> None:
    with streams.open() as raw, in_time():
        raw.send(start(framing) + (chunk(begun) if b"chunked" in framing and begun else begun))
        assert_refused(raw.answer(), 408)


def test_a_stream_that_is_slow_but_steady_goes_on_for_as_long_as_it_takes(streams: Door) -> None:
    with streams.open() as raw:
        raw.send(start(b"transfer-encoding: chunked"))
        for number in range(8):
            content = line(number)
            raw.send(chunk(content[:9]))
            time.sleep(LIMIT_S * 0.4)
            raw.send(chunk(content[9:]))
        raw.send(b"0\r\n\r\n")
        assert raw.next_answer().document() == {"indexed": 8, "failed": 0, "errors": []}
        raw.send(get())
        assert raw.next_answer().status == 200


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_stream_larger_than_any_body_takes_no_more_memory(streams: Door, framing: str) -> None:
    process, parts = streams.running.process.pid, 150
    part = b"".join(line(number % 50, "word " * 2000) for number in range(100))
    before, most = resident_bytes(process), 0
    with streams.open() as raw:
        if framing == "length":
            raw.send(start(b"content-length: %d" % (parts * len(part))))
        else:
            raw.send(start(b"transfer-encoding: chunked"))
        for _ in range(parts):
            raw.send(part if framing == "length" else chunk(part))
            most = max(most, resident_bytes(process))
        raw.send(b"" if framing == "length" else b"0\r\n\r\n")
        assert raw.next_answer().document()["indexed"] == 50
    assert most - before < 64 * MIB  # of which 32 MB are what the index of words writes with
    assert parts * len(part) > 140 * MIB


def test_lines_without_end_share_the_memory_of_all_bodies(tiny_models: Path, tmp_path: Path) -> None:
    with (
        start_door(tiny_models, tmp_path, max_body_bytes=4 * MIB, max_bodies_bytes=10 * MIB) as door,
        ExitStack() as stack,
    ):
        lines = [stack.enter_context(door.open()) for _ in range(4)]
        for raw in lines:
            raw.send_what_it_takes(start(b"transfer-encoding: chunked", path=b"/index/batch") + chunk(b"x" * 3 * MIB))
        statuses = {raw.answer().status for raw in lines}
        # Those that come to the limit at the same time are all refused.
        assert 429 in statuses
        assert statuses <= {408, 429}
        assert (
            door.ask_open(
                post(b'{"documents": [{"id": "a", "text": "%s"}]}' % (b"x" * MIB), path=b"/index/batch")
            ).status
            == 200
        )


def test_a_line_over_the_limit_is_told_and_holds_up_nobody(streams: Door) -> None:
    body = b"".join(line(number) for number in range(64)) + b"x" * 2_100_000 + b"\n" + line(64)
    answer = streams.ask(start(b"content-length: %d" % len(body)) + body)
    told = answer.document()
    assert (answer.status, told["indexed"], told["failed"]) == (200, 65, 1)
    assert [(one["line"], one["status"]) for one in told["errors"]] == [(65, 413)]


def test_a_stream_to_nowhere_is_answered_before_it_is_sent(streams: Door) -> None:
    for path, status in ((b"/collections/nobody/index/batch", 404), (b"/embed", 415), (b"/search", 415)):
        with streams.open() as raw:
            raw.send(start(b"content-length: 1000000", b"expect: 100-continue", path=path))
            assert raw.next_answer().status == status


def test_a_request_behind_a_stream_waits_for_it(streams: Door) -> None:
    body = b"".join(line(number) for number in range(200))
    with streams.open() as raw:
        raw.send(start(b"content-length: %d" % len(body)) + body + get() + start(b"content-length: 0"))
        assert raw.next_answer().document()["indexed"] == 200
        assert raw.next_answer().status == 200
        assert raw.next_answer().document()["indexed"] == 0


def test_two_content_types_let_nobody_past_the_limit(streams: Door) -> None:
    body = b'{"texts": ["' + b"a" * 2_100_000 + b'"]}'
    request = head(b"/embed", b"content-length: %d" % len(body), NDJSON)
    for one in (request, request.replace(b"application/json", b"-").replace(NDJSON, NDJSON + b"\r\n" + NDJSON)):
        assert streams.ask(one + body).status in {413, 415}


def test_who_leaves_in_the_midst_takes_the_stream_along(streams: Door) -> None:
    with streams.open() as raw:
        raw.send(start(b"transfer-encoding: chunked") + chunk(b"".join(line(number) for number in range(500))))
    streams.wait_for_connections(0, KEEP_ALIVE_S + LIMIT_S)
    until(lambda: b'"active_requests":0' in streams.ask_open(get(b"/stats")).body, 5)


def test_empty_lines_and_wrong_lines_let_others_go_on(streams: Door) -> None:
    for body in (b"\n" * 4_000_000, b"{}\n" * 100_000):
        with streams.open() as raw, streams.open() as other:
            raw.socket.setblocking(False)
            unsent = memoryview(start(b"content-length: %d" % len(body)) + body)
            slowest_s = 0.0
            while unsent or not raw.hears_within(0.001):
                unsent = unsent[_sent(raw, unsent) :]
                asked_s = time.monotonic()
                other.send(get())
                assert other.next_answer().status == 200
                slowest_s = max(slowest_s, time.monotonic() - asked_s)
            assert raw.next_answer().document()["indexed"] == 0
        assert slowest_s < 0.5


def _sent(raw: Raw, data: memoryview) -> int:
    raw.socket.setblocking(False)
    try:
        return raw.socket.send(data[: 256 * 1024]) if data else 0
    except BlockingIOError:
        return 0
    finally:
        raw.socket.settimeout(20)
