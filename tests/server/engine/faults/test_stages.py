"""Faults at every stage, one at a time, while good requests go on: who fails, how, and what is left of it."""

import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests import faulty as words
from tests.server.engine.faults.daemon import FaultyServer, start_faulty
from tests.server.engine.faults.load import Load
from tests.server.engine.faults.wire import Answer, Wire, ask
from tests.server.polling import until

RECOVERY_S = 3
FAILED = {
    words.TOKENIZER_RAISES: 500,
    words.TOKENIZER_PANICS: 500,
    words.RUN_FAILS: 500,
    words.RUN_GIVES_NAN: 500,
    words.ENCODER_RAISES: 500,
    words.WORKER_DIES: 503,
}


# What the log says of the cause: of what is not the project's own error the type, since its message may quote the text.
CAUSES = {
    words.RUN_FAILS: words.SECRET,
    words.ENCODER_RAISES: "unexpected TypeError at faulty.py:",
    words.WORKER_DIES: "died",
    words.TOKENIZER_RAISES: "ValueError",
    words.TOKENIZER_PANICS: "PanicException",
    words.RUN_GIVES_NAN: "not finite",
}


def check_problem(answer: Answer, status: int, request_id: str) -> None:
    """It is a problem document that tells which request it was, and nothing of what happened."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == request_id
    assert answer.document()["request_id"] == request_id
    assert answer.document()["status"] == status
    for inside in (words.SECRET, "Traceback", ".py"):
        assert inside not in answer.body.decode()
    if status == 503:
        assert int(answer.headers["retry-after"]) >= 1


def check_log(server: FaultyServer, request_id: str, cause: str) -> None:
    """The log has the cause in a line with the request's id."""
    until(lambda: any(cause in line and request_id in line for line in server.log().splitlines()))


@pytest.mark.parametrize("word", FAILED)
def test_a_fault_fails_its_own_request_and_no_other(faulty: FaultyServer, word: str) -> None:
    request_id = f"id-of-{word}"
    with Load(faulty) as load:
        answer = ask(faulty.address, f"a text {word}", cache=False, headers={"x-request-id": request_id})
        until(lambda: faulty.get("/health/ready").status == 200)
        load.go_on()
    check_problem(answer, FAILED[word], request_id)
    assert f"a text {word}" not in faulty.log()
    check_log(faulty, request_id, CAUSES[word])
    assert "Traceback" not in faulty.log()
    deaths = Counter(text for run in faulty.runs() if words.WORKER_DIES in str(run.texts) for text in run.texts)
    for outcome in load.outcomes:
        assert outcome.answer is not None
        shared_its_death = outcome.answer.status == 503 and any(deaths[text] for text in outcome.texts)
        assert outcome.right or shared_its_death, outcome
    until(faulty.idle)


@pytest.mark.parametrize("word", FAILED)
def test_nothing_of_a_failed_text_is_remembered(faulty: FaultyServer, word: str) -> None:
    cached = faulty.cached()
    for _ in range(2):
        assert ask(faulty.address, f"forget me {word}", "and me").status == FAILED[word]
        until(lambda: faulty.get("/health/ready").status == 200)
    # An embedding that could only not be written is a good one.
    assert faulty.cached() == cached + (2 if word == words.ENCODER_RAISES else 0)


@pytest.mark.parametrize("word", FAILED)
def test_a_request_of_several_texts_fails_whole(faulty: FaultyServer, word: str) -> None:
    answer = ask(faulty.address, "a good one", f"a text {word}", "another good one", cache=False)
    assert answer.status == FAILED[word]
    assert "embeddings" not in answer.document()
    until(lambda: faulty.get("/health/ready").status == 200)


@pytest.mark.parametrize("word", [words.TOKENIZER_RAISES, words.TOKENIZER_PANICS])
def test_a_large_request_whose_last_text_the_tokenizer_fails_on_is_told(faulty: FaultyServer, word: str) -> None:
    texts = [f"one of many {i}" for i in range(1000)]
    request_id = f"id-of-large-{word}"
    answer = ask(faulty.address, *texts, word, headers={"x-request-id": request_id})
    check_problem(answer, FAILED[word], request_id)
    assert len(ask(faulty.address, *texts).embeddings()) == len(texts)


@pytest.mark.parametrize("word", [words.RUN_FAILS, words.RUN_GIVES_NAN])
def test_the_requests_that_share_a_failed_run_are_answered(one_worker: FaultyServer, word: str) -> None:
    # Of as many tokens as the bad one: there are variants that run texts of one length alone.
    texts = [f"{i} {'m' * (len(word) + 2)}" for i in range(5)]
    expected = [ask(one_worker.address, text, cache=False).embeddings() for text in texts]
    with one_worker.wires(6) as (poisoned, *mates):
        with one_worker.busy("the one before them"):
            ran = len(one_worker.runs())
            poisoned.send_embed("one good text", f"bad {word}", cache=False)
            for mate, text in zip(mates, texts, strict=True):
                mate.send_embed(text, cache=False)
            one_worker.wait_for_active(7)
        assert poisoned.receive().status == 500
        assert [mate.receive().embeddings() for mate in mates] == expected
    # It is no test of this unless they did share one.
    assert any(f"bad {word}" in run.texts and set(texts) & set(run.texts) for run in one_worker.runs()[ran:])


@pytest.mark.parametrize("word", [words.RUN_FAILS, words.WORKER_DIES])
def test_the_rest_of_a_failed_request_is_not_run(one_worker: FaultyServer, word: str) -> None:
    texts = [f"after {word} {i}" for i in range(1000)]
    assert ask(one_worker.address, *texts, cache=False).status == FAILED[word]
    until(lambda: one_worker.get("/health/ready").status == 200)
    until(one_worker.idle)
    assert len(set(texts) & set(one_worker.texts_run())) < len(texts) / 2


def test_readiness_turns_red_when_a_worker_dies_and_green_again_within_three_seconds(faulty: FaultyServer) -> None:
    with Wire(faulty.address) as health, Wire(faulty.address) as wire:
        wire.send_embed(words.WORKER_DIES, cache=False)
        seen, end = list[int](), time.monotonic() + RECOVERY_S
        while time.monotonic() < end and not (503 in seen and seen[-1] == 200):
            health.send("GET", "/health/ready")
            seen.append(health.receive().status)
        assert wire.receive().status == 503
    assert 503 in seen
    assert seen[-1] == 200
    assert ask(faulty.address, "after it", cache=False).status == 200


def test_workers_that_die_over_and_over_end_the_process(tiny_models: Path, tmp_path: Path) -> None:
    with start_faulty(tiny_models, tmp_path, "--cores", "2") as server:
        text = words.EVERY_WORKER_DIES

        def ended() -> bool:
            with suppress(OSError):
                ask(server.address, text, cache=False)
            return server.process.poll() is not None

        until(ended)
        assert server.exit_status() > 0
        assert "an inference worker died: RuntimeError at faulty.py:" in server.log()


def test_a_run_that_hangs_is_told_to_those_who_wait_and_ends_the_process(tiny_models: Path, tmp_path: Path) -> None:
    with start_faulty(tiny_models, tmp_path, "--cores", "2", "--run-timeout-s", "1") as server:
        with server.wires(3) as (first, *waiting):
            first.send_embed(f"the one that {words.RUN_HANGS}", cache=False, headers={"x-request-id": "first"})
            until(lambda: any(words.RUN_HANGS in text for text in server.texts_run()))
            assert ask(server.address, "the other worker goes on", cache=False).status == 200
            for number, wire in enumerate(waiting):
                texts = (f"the one that {words.RUN_HANGS}", f"another {number}")
                wire.send_embed(*texts, cache=False, headers={"x-request-id": f"waiting-{number}"})
            check_problem(first.receive(), 503, "first")
            for number, wire in enumerate(waiting):
                check_problem(wire.receive(), 503, f"waiting-{number}")
        assert server.exit_status() > 0
        assert "run_timeout_s" in server.log()


def test_readiness_is_red_before_a_hanging_run_ends_the_process(tiny_models: Path, tmp_path: Path) -> None:
    with start_faulty(tiny_models, tmp_path, "--cores", "2", "--run-timeout-s", "1") as server:
        with server.wires(2) as (hanging, health):
            hanging.send_embed(words.RUN_HANGS)
            seen = list[int]()
            with suppress(ConnectionError):
                while 503 not in seen:
                    health.send("GET", "/health/ready")
                    seen.append(health.receive().status)
        assert seen[-1] == 503
        assert server.exit_status() > 0
