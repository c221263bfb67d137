"""Requests for one text at the same time: it is computed once for all of them, whoever leaves."""

import pytest

from tests import faulty as words
from tests.server.engine.faults.daemon import FaultyServer
from tests.server.engine.faults.wire import ask
from tests.server.polling import until


def test_ten_requests_for_one_text_compute_it_once(one_worker: FaultyServer) -> None:
    with one_worker.wires(10) as wires:
        with one_worker.busy("before the ten"):
            for wire in wires:
                wire.send_embed("wanted by ten")
            one_worker.wait_for_active(11)
        rows = [wire.receive().embeddings() for wire in wires]
    assert one_worker.texts_run().count("wanted by ten") == 1
    assert rows == [ask(one_worker.address, "wanted by ten", cache=False).embeddings()] * 10


def test_requests_that_share_some_of_their_texts_compute_each_once(one_worker: FaultyServer) -> None:
    texts = [f"shared by some {i}" for i in range(6)]
    with one_worker.wires(6) as wires:
        with one_worker.busy("before those who share"):
            for number, wire in enumerate(wires):
                wire.send_embed(*texts[number:], *texts[: number // 2])
            one_worker.wait_for_active(7)
        for number, wire in enumerate(wires):
            expected = ask(one_worker.address, *texts[number:], *texts[: number // 2]).embeddings()
            assert wire.receive().embeddings() == expected
    assert [one_worker.texts_run().count(text) for text in texts] == [1] * 6


def test_cache_false_computes_for_itself(one_worker: FaultyServer) -> None:
    with one_worker.wires(10) as wires:
        with one_worker.busy("before the ten apart"):
            for wire in wires:
                wire.send_embed("wanted by ten apart", cache=False)
            one_worker.wait_for_active(11)
        rows = [wire.receive().embeddings() for wire in wires]
    assert one_worker.texts_run().count("wanted by ten apart") == 10
    assert all(row == rows[0] for row in rows)


@pytest.mark.parametrize("begun", [False, True])
def test_the_others_are_answered_when_the_first_leaves(one_worker: FaultyServer, *, begun: bool) -> None:
    text = f"the first leaves it {'in its run' if begun else 'in the queue'}"
    with one_worker.wires(11) as (before, first, *others):
        with one_worker.held():
            if not begun:
                before.send_embed("before the first", cache=False)
                until(lambda: "before the first" in one_worker.texts_run())
            first.send_embed(text)
            one_worker.wait_for_active(1 if begun else 2)
            if begun:
                until(lambda: text in one_worker.texts_run())
            for wire in others:
                wire.send_embed(text)
            one_worker.wait_for_active(10 if begun else 11)
            first.leave()
            one_worker.wait_for_active(9 if begun else 10)
        rows = [wire.receive().embeddings() for wire in others]
        if not begun:
            assert before.receive().status == 200
    # What has begun for the first may be lost with it; those who are left need one more run, not one each.
    assert one_worker.texts_run().count(text) <= 1 + begun
    assert rows == [ask(one_worker.address, text, cache=False).embeddings()] * 9


def test_the_first_is_answered_when_the_others_leave(one_worker: FaultyServer) -> None:
    with one_worker.wires(4) as (first, *others):
        with one_worker.busy("before the loyal one"):
            first.send_embed("left by all but one")
            one_worker.wait_for_active(2)
            for wire in others:
                wire.send_embed("left by all but one")
            one_worker.wait_for_active(5)
            for wire in others:
                wire.leave()
            one_worker.wait_for_active(2)
        assert first.receive().status == 200
    assert one_worker.texts_run().count("left by all but one") == 1


def test_a_text_that_all_have_left_is_not_run(one_worker: FaultyServer) -> None:
    with one_worker.wires(4) as wires, one_worker.busy("before those who leave"):
        for wire in wires:
            wire.send_embed("wanted by nobody")
        one_worker.wait_for_active(5)
        for wire in wires:
            wire.leave()
        one_worker.wait_for_active(1)
        until(lambda: one_worker.queued_tokens() == 0)
    assert "wanted by nobody" not in one_worker.texts_run()
    assert ask(one_worker.address, "wanted by nobody").status == 200


@pytest.mark.parametrize("word", [words.RUN_FAILS, words.RUN_GIVES_NAN])
def test_all_who_joined_a_poisonous_text_are_told(one_worker: FaultyServer, word: str) -> None:
    cached = one_worker.cached()
    with one_worker.wires(10) as wires:
        with one_worker.busy("before the poison"):
            for number, wire in enumerate(wires):
                wire.send_embed(f"joined {word}", headers={"x-request-id": f"{word}-{number}"})
            one_worker.wait_for_active(11)
        answers = [wire.receive() for wire in wires]
    assert [answer.status for answer in answers] == [500] * 10
    assert [answer.document()["request_id"] for answer in answers] == [f"{word}-{number}" for number in range(10)]
    assert one_worker.cached() == cached


def test_a_text_that_kills_its_worker_kills_one_however_many_wait_for_it(faulty: FaultyServer) -> None:
    with faulty.wires(10) as wires:
        with faulty.held():
            for wire in wires:
                wire.send_embed(f"joined {words.WORKER_DIES}")
            faulty.wait_for_active(10)
        assert [wire.receive().status for wire in wires] == [503] * 10
    assert faulty.texts_run().count(f"joined {words.WORKER_DIES}") == 1
    until(lambda: faulty.get("/health/ready").status == 200)
