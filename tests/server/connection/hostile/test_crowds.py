"""More connections than anybody needs: whoever behaves is served beside them, and whoever is too many is told so."""

import resource
import time
from contextlib import ExitStack
from pathlib import Path

from tests.server.connection.hostile.door import LIMIT_S, SLACK_S, Door, start_door
from tests.server.connection.hostile.raw import EMBED, assert_refused, get, post
from tests.server.polling import until

IDLE = 500


def test_hundreds_of_idle_connections_hurt_nobody_and_are_closed(door: Door) -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > IDLE + 100
    door.wait_for_connections(0, 5)
    with ExitStack() as stack:
        idle = [stack.enter_context(door.open()) for _ in range(IDLE)]
        for raw in idle[::2]:
            raw.send(b"POST /embed HTTP/1.1\r\nhost: x\r\nx: ")
        door.wait_for_connections(IDLE, 5)
        for _ in range(20):
            assert door.ask_open(post(EMBED)).embeddings()
        end_s = time.monotonic() + LIMIT_S + SLACK_S
        for raw in idle[::2]:
            assert_refused(raw.answer(), 408)
        assert [raw.read() for raw in idle[1::2]] == [b""] * (IDLE // 2)
        assert time.monotonic() < end_s
    door.wait_for_connections(0, 5)


def test_a_connection_beyond_the_limit_is_told_so_and_room_is_used_again(tiny_models: Path, tmp_path: Path) -> None:
    with start_door(tiny_models, tmp_path, max_connections=3, keep_alive_s=30) as small, ExitStack() as stack:
        inside = [stack.enter_context(small.open()) for _ in range(3)]
        for raw in inside:
            raw.send(get())
            assert raw.next_answer().status == 200
        for _ in range(50):
            with small.open() as outside:
                outside.send_what_it_takes(get())
                answer = outside.answer()
            assert_refused(answer, 503)
            assert int(answer.headers["retry-after"]) >= 1
        inside.pop().socket.close()
        until(lambda: small.ask_or_none(get()) == 200, 5)
        for raw in inside:
            raw.send(get())
            assert raw.next_answer().status == 200


def test_refused_connections_that_stay_are_closed(tiny_models: Path, tmp_path: Path) -> None:
    with start_door(tiny_models, tmp_path, max_connections=1, header_timeout_s=60) as small, ExitStack() as stack:
        stack.enter_context(small.open())
        refused = [stack.enter_context(small.open()) for _ in range(100)]
        for raw in refused:
            assert_refused(raw.next_answer(), 503)
        small.wait_for_connections(1, 10)


def test_one_address_does_not_keep_others_out(tiny_models: Path, tmp_path: Path) -> None:
    limits = {"max_connections": 200, "max_connections_per_address": 100, "header_timeout_s": 60}
    with start_door(tiny_models, tmp_path, **limits) as small, ExitStack() as stack:
        greedy = [stack.enter_context(small.open()) for _ in range(300)]
        for raw in greedy:
            raw.send_what_it_takes(b"POST /embed HTTP/1.1\r\nhost: x\r\nx: ")
        assert_refused(greedy[150].next_answer(), 429)
        for _ in range(20):
            with small.open("127.0.0.2") as raw:
                raw.send(post(EMBED))
                assert raw.next_answer().embeddings()
        for raw in greedy:
            raw.socket.close()
        until(lambda: small.ask_or_none(get()) == 200, 5)
