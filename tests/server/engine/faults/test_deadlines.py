"""Deadlines, by header and by setting: told soon after they pass, never worked for afterwards, kept once work began."""

from pathlib import Path

import pytest

from tests.faulty import TOKENIZER_WAITS
from tests.server.engine.faults.daemon import FaultyServer, start_faulty
from tests.server.engine.faults.wire import Answer, Wire
from tests.server.polling import until

HEADER = "x-request-timeout-ms"
SHORT = {HEADER: "300"}
LONG = " and so on" * 600  # so long that it is not tokenized in the event loop


def check_late(answer: Answer) -> None:
    assert answer.status == 504, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.document()["status"] == 504
    assert answer.document()["request_id"] == answer.headers["x-request-id"]


def test_a_deadline_that_passes_in_the_queue_is_told_while_the_queue_still_stands(one_worker: FaultyServer) -> None:
    with Wire(one_worker.address) as late, Wire(one_worker.address) as patient:
        with one_worker.busy("in its way"):
            patient.send_embed("has time", cache=False)
            late.send_embed("too late", "and this too", cache=False, headers=SHORT)
            check_late(late.receive())
            one_worker.wait_for_active(2)
        assert patient.receive().status == 200
        assert late.embed("the same connection, later", cache=False).status == 200
    assert not {"too late", "and this too"} & set(one_worker.texts_run())
    until(one_worker.idle)


def test_a_late_text_that_somebody_else_waits_for_is_run_for_him(one_worker: FaultyServer) -> None:
    with one_worker.wires(2) as (late, patient):
        with one_worker.busy("in the way of both"):
            late.send_embed("wanted by both", headers=SHORT)
            one_worker.wait_for_active(2)
            patient.send_embed("wanted by both")
            check_late(late.receive())
        assert patient.receive().status == 200
    assert one_worker.texts_run().count("wanted by both") == 1


def test_somebody_who_joined_a_text_is_late_by_his_own_deadline(one_worker: FaultyServer) -> None:
    with one_worker.wires(2) as (patient, late):
        with one_worker.busy("in the way of the patient one"):
            patient.send_embed("joined in a hurry")
            one_worker.wait_for_active(2)
            late.send_embed("joined in a hurry", headers=SHORT)
            check_late(late.receive())
        assert patient.receive().status == 200
    assert one_worker.texts_run().count("joined in a hurry") == 1


def test_a_deadline_that_passes_while_the_tokenizer_is_busy_is_told_meanwhile(one_worker: FaultyServer) -> None:
    with one_worker.wires(2) as (slow, late):
        with one_worker.held():
            slow.send_embed(TOKENIZER_WAITS + LONG, cache=False)
            one_worker.wait_for_active(1)
            late.send_embed(f"behind it {LONG}", cache=False, headers=SHORT)
            check_late(late.receive())
            one_worker.wait_for_active(1)
        assert slow.receive().status == 200
    assert not any(text.startswith("behind it") for text in one_worker.texts_run())


def test_work_that_began_in_time_is_finished_and_answered(one_worker: FaultyServer) -> None:
    with one_worker.wires(2) as (early, late):
        with one_worker.held():
            early.send_embed("began in time", cache=False, headers=SHORT)
            until(lambda: "began in time" in one_worker.texts_run())
            late.send_embed("sent after it", cache=False, headers=SHORT)
            # The same time, begun later: once this one is over, so is the first one's.
            check_late(late.receive())
        assert early.receive().status == 200


def test_a_large_request_that_began_in_time_is_finished_whole(one_worker: FaultyServer) -> None:
    texts = [f"part {i} of a large request" for i in range(200)]
    with one_worker.wires(2) as (large, late):
        with one_worker.held():
            large.send_embed(*texts, cache=False, headers=SHORT)
            until(lambda: texts[0] in one_worker.texts_run())
            late.send_embed("after the large one", cache=False, headers=SHORT)
            check_late(late.receive())
        assert len(large.receive().embeddings()) == len(texts)


def test_what_the_cache_knows_is_answered_at_any_deadline(one_worker: FaultyServer) -> None:
    with Wire(one_worker.address) as wire:
        first = wire.embed("known before").embeddings()
        with one_worker.busy("in the way of the unknown"):
            assert wire.embed("known before", headers={HEADER: "1"}).embeddings() == first


@pytest.mark.parametrize("value", ["0", "-5", "1.5", "soon", "", "1e3"])
def test_a_deadline_that_is_no_number_of_milliseconds_is_refused(one_worker: FaultyServer, value: str) -> None:
    with Wire(one_worker.address) as wire:
        answer = wire.embed("whenever", headers={HEADER: value})
    assert answer.status == 400, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert HEADER in answer.document()["detail"]


@pytest.mark.parametrize("value", ["10000", "86400000"])
def test_a_deadline_far_away_changes_nothing(one_worker: FaultyServer, value: str) -> None:
    with Wire(one_worker.address) as wire:
        assert wire.embed("in good time", cache=False, headers={HEADER: value}).status == 200


def test_every_route_keeps_the_deadline(one_worker: FaultyServer) -> None:
    with one_worker.wires(2) as (batch, similarity), one_worker.busy("in the way of every route"):
        batch.send("POST", "/embed/batch", b'{"texts": ["late in a batch"]}', SHORT)
        similarity.send("POST", "/similarity", b'{"a": ["late"], "b": ["in a comparison"]}', SHORT)
        check_late(batch.receive())
        check_late(similarity.receive())
    assert not {"late in a batch", "late", "in a comparison"} & set(one_worker.texts_run())


def test_the_setting_is_the_deadline_of_those_who_name_none(tiny_models: Path, tmp_path: Path) -> None:
    with (
        start_faulty(tiny_models, tmp_path, "--cores", "1", "--request-timeout-ms", "300") as server,
        server.wires(2) as (early, late),
    ):
        with server.held():
            early.send_embed("began in time", cache=False)
            until(lambda: "began in time" in server.texts_run())
            late.send_embed("too late", cache=False)
            check_late(late.receive())
        assert early.receive().status == 200
        assert "too late" not in server.texts_run()
