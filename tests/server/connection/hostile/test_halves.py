"""Clients that close a half of their connection, or read nothing of what they asked for."""

import json
import time

import pytest

from tests.server.connection.hostile.door import LIMIT_S, SLACK_S, Door
from tests.server.connection.hostile.raw import EMBED, Raw, assert_refused, get, head, post, split_answers
from tests.server.engine.faults.daemon import FaultyServer
from tests.server.polling import until

# Its answer is larger than what the system keeps between the two.
LARGE_TEXTS = 12_000
LARGE = post(json.dumps({"texts": ["large"] * LARGE_TEXTS}).encode(), path=b"/embed")


def test_a_client_that_half_closes_before_its_answer_counts_as_gone_and_is_told_so(held: FaultyServer) -> None:
    with Raw(held.address) as raw, held.busy("the one before it"):
        raw.send(post(b'{"texts": ["half-closed"], "cache": false}', b"x-request-id: half"))
        held.wait_for_active(2)
        raw.half_close()
        answer = raw.answer()
        held.wait_for_active(1)
    assert_refused(answer, 400)
    assert answer.headers["x-request-id"] == "half"
    assert "half-closed" in answer.document()["detail"]
    assert "half-closed" not in held.texts_run()


def test_a_client_that_half_closes_after_its_answer_is_closed_without_a_word(door: Door) -> None:
    with door.open() as raw:
        raw.send(get())
        assert raw.next_answer().status == 200
        raw.half_close()
        assert raw.read() == b""


def test_a_client_that_half_closes_before_it_says_anything_is_closed_without_a_word(door: Door) -> None:
    with door.open() as raw:
        raw.half_close()
        assert raw.read() == b""


@pytest.mark.parametrize("start", [b"G", head(b"/embed", b"content-length: 9"), head(b"/embed")[:-2]])
def test_half_a_request_and_the_end_is_malformed(door: Door, start: bytes) -> None:
    with door.open() as raw:
        raw.send(start)
        raw.half_close()
        assert_refused(raw.answer(), 400)


def test_work_that_takes_longer_than_the_limits_for_clients_is_not_cut(held: FaultyServer) -> None:
    with Raw(held.address) as raw:
        with held.held():
            raw.send(post(b'{"texts": ["takes long"], "cache": false}'))
            until(lambda: "takes long" in held.texts_run())
            assert not raw.hears_within(2.5)
        assert raw.next_answer().status == 200


def test_a_pipelined_request_does_not_pay_for_the_one_before_it(held: FaultyServer) -> None:
    body = json.dumps({"texts": ["a" * 300_000]}).encode()
    with Raw(held.address) as raw:
        with held.held():
            raw.send(post(b'{"texts": ["holds it up"], "cache": false}'))
            until(lambda: "holds it up" in held.texts_run())
            raw.send(post(body) + head(b"/embed", b"content-length: %d" % len(EMBED)) + EMBED[:5])
            assert not raw.hears_within(2.5)
        raw.send(EMBED[5:])
        assert [raw.next_answer().status for _ in range(3)] == [200, 200, 200]


def test_a_request_that_comes_too_slowly_ends_its_task(held: FaultyServer) -> None:
    with Raw(held.address) as raw:
        raw.send(head(b"/embed", b"content-length: 100") + b"{")
        assert_refused(raw.answer(), 408)
    until(held.idle)


def test_a_client_that_reads_nothing_is_let_go(door: Door) -> None:
    door.wait_for_connections(0, 5)
    with door.open(receive_bytes=4096) as raw:
        raw.send(LARGE * 3)
        door.wait_for_connections(1, 5)
        door.wait_for_connections(0, 5 + LIMIT_S + SLACK_S)
        with pytest.raises(ConnectionResetError):
            raw.read()


def test_a_client_that_reads_slowly_but_steadily_gets_it_all(door: Door) -> None:
    with door.open(receive_bytes=65536) as raw:
        raw.send(LARGE + get(b"/health/live", b"connection: close"))
        start_s, parts = time.monotonic(), []
        while part := raw.socket.recv(30_000):
            parts.append(part)
            time.sleep(0.015)
        assert time.monotonic() - start_s > 2.5 * LIMIT_S  # it took its time
    large, last = split_answers(b"".join(parts))
    assert len(large.embeddings()) == LARGE_TEXTS
    assert last.status == 200
