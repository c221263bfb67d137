"""SIGTERM under load: whoever was taken is answered in full, nobody new is, and the exit status says all was well."""

import signal
import time
from pathlib import Path

from tests import faulty as words
from tests.server.engine.faults.daemon import FaultyServer, start_faulty
from tests.server.engine.faults.load import Load
from tests.server.engine.faults.wire import Wire
from tests.server.polling import until

CLOSE = "close"
LARGE = [f"one of a large request {i}" for i in range(1000)]


def refuses_connections(server: FaultyServer) -> bool:
    try:
        Wire(server.address).leave()
    except ConnectionError:
        return True
    return False


def test_all_that_was_sent_before_it_is_answered_in_full(tiny_models: Path, tmp_path: Path) -> None:
    with (
        start_faulty(tiny_models, tmp_path, "--cores", "2", "--token-ms", "0.05") as server,
        server.wires(31) as (large, *fresh),
    ):
        large.send_embed(*LARGE, cache=False)
        with Load(server, connections=16) as load:
            for number, wire in enumerate(fresh):
                wire.send_embed(f"sent just before {number}")
            signalled_s = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert len(large.receive().embeddings()) == len(LARGE)
            assert [wire.receive().status for wire in fresh] == [200] * len(fresh)
            until(lambda: refuses_connections(server))
            assert server.exit_status() == 0
    for outcome in load.outcomes:
        # A connection that was idle may be closed while its next request is under way, but not with half an answer.
        assert outcome.right or (outcome.answer is None and outcome.sent_s > signalled_s), outcome
    assert sum(outcome.right for outcome in load.outcomes) >= 16


def test_answers_of_a_draining_daemon_close_their_connections_and_new_ones_are_refused(
    tiny_models: Path, tmp_path: Path
) -> None:
    with start_faulty(tiny_models, tmp_path, "--cores", "1") as server, server.wires(6) as wires:
        with server.held():
            for number, wire in enumerate(wires):
                wire.send_embed(f"in flight {number}", f"and its second {number}")
            server.wait_for_active(len(wires))
            server.process.send_signal(signal.SIGTERM)
            until(lambda: refuses_connections(server))
        answers = [wire.receive() for wire in wires]
        assert [answer.status for answer in answers] == [200] * len(wires)
        assert [answer.headers.get("connection") for answer in answers] == [CLOSE] * len(wires)
        assert server.exit_status() == 0


def test_a_body_that_was_half_sent_may_be_finished(tiny_models: Path, tmp_path: Path) -> None:
    with start_faulty(tiny_models, tmp_path, "--cores", "1") as server, Wire(server.address) as wire:
        body = b'{"texts": ["half before and half after"]}'
        head = (
            f"POST /embed HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        )
        wire.send_raw(head.encode() + b"\r\n\r\n" + body[:20])
        until(lambda: server.get("/health/live").status == 200)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: refuses_connections(server))
        wire.send_raw(body[20:])
        assert wire.receive_raw().startswith(b"HTTP/1.1 200 ")
        assert server.exit_status() == 0


def test_a_drain_delay_keeps_the_door_open_while_readiness_is_red(tiny_models: Path, tmp_path: Path) -> None:
    with start_faulty(tiny_models, tmp_path, "--cores", "1", "--drain-delay-s", "2") as server:
        server.process.send_signal(signal.SIGTERM)
        until(lambda: server.get("/health/ready").status == 503)
        for number in range(5):
            with Wire(server.address) as wire:
                answer = wire.embed(f"late but welcome {number}", cache=False)
                assert answer.status == 200
                assert answer.headers.get("connection") == CLOSE
            assert server.get("/health/ready").status == 503
        until(lambda: refuses_connections(server))
        assert server.exit_status() == 0


def test_a_second_sigterm_changes_nothing(tiny_models: Path, tmp_path: Path) -> None:
    with start_faulty(tiny_models, tmp_path, "--cores", "1") as server, Wire(server.address) as wire:
        with server.held():
            wire.send_embed("through two of them")
            server.wait_for_active(1)
            server.process.send_signal(signal.SIGTERM)
            until(lambda: refuses_connections(server))
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
        assert wire.receive().status == 200
        assert server.exit_status() == 0


def test_a_worker_that_dies_in_the_drain_is_replaced_for_those_who_wait(tiny_models: Path, tmp_path: Path) -> None:
    with start_faulty(tiny_models, tmp_path, "--cores", "1") as server, server.wires(6) as (deadly, *waiting):
        with server.held():
            deadly.send_embed(words.WORKER_DIES)
            until(lambda: words.WORKER_DIES in server.texts_run())
            for number, wire in enumerate(waiting):
                wire.send_embed(f"waits behind it {number}")
            server.wait_for_active(6)
            server.process.send_signal(signal.SIGTERM)
            until(lambda: refuses_connections(server))
        assert deadly.receive().status == 503
        assert [wire.receive().status for wire in waiting] == [200] * 5
        assert server.exit_status() == 0


def test_a_run_that_hangs_does_not_hold_a_draining_process_for_ever(tiny_models: Path, tmp_path: Path) -> None:
    flags = ("--cores", "2", "--run-timeout-s", "2", "--shutdown-timeout-s", "1")
    with start_faulty(tiny_models, tmp_path, *flags) as server, server.wires(2) as (hanging, other):
        hanging.send_embed(words.RUN_HANGS)
        until(lambda: words.RUN_HANGS in server.texts_run())
        other.send_embed("answered all the same")
        server.process.send_signal(signal.SIGTERM)
        assert other.receive().status == 200
        assert hanging.receive().status == 503
        server.exit_status()
