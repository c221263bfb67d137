"""More than the daemon takes: refused whole and at once, with an honest time to come back; what it took is answered."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.engine.faults.daemon import FaultyServer, start_faulty
from tests.server.engine.faults.wire import Answer, ask
from tests.server.polling import until

TOKEN_MS = 1.25
TOKENS = 42
QUEUE_TOKENS = 2048


def texts(first: int, count: int) -> list[str]:
    """Return so many texts of TOKENS tokens each."""
    return [f"{number:04} {'y' * (TOKENS - 6)}" for number in range(first, first + count)]


def check_refusal(answer: Answer) -> int:
    """It is a refusal; returns in how many seconds to come back."""
    assert answer.status == 429, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.document()["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["retry-after"].isdecimal()
    assert int(answer.headers["retry-after"]) >= 1
    return int(answer.headers["retry-after"])


@pytest.fixture(scope="module")
def slow(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyServer]:
    """A full queue takes two and a half seconds, text by text."""
    speed = ("--cores", "1", "--token-ms", str(TOKEN_MS), "--max-tokens-per-run", str(TOKENS))
    flags = (*speed, "--max-queue-tokens", str(QUEUE_TOKENS), "--cache-bytes", "0")
    with start_faulty(tiny_models, tmp_path_factory.mktemp("slow"), *flags) as server:
        yield server


def test_requests_beyond_the_places_are_refused_and_the_others_answered(tiny_models: Path, tmp_path: Path) -> None:
    flags = ("--cores", "1", "--max-concurrent-requests", "4")
    with start_faulty(tiny_models, tmp_path, *flags) as server, server.wires(4) as taken:
        with server.held():
            for number, wire in enumerate(taken):
                wire.send_embed(f"taken {number}")
            server.wait_for_active(4)
            refused = [ask(server.address, f"refused {number}") for number in range(20)]
            assert server.get("/health/live").status == 200
        for answer in refused:
            check_refusal(answer)
            assert "max_concurrent_requests" in answer.document()["detail"]
        assert [wire.receive().status for wire in taken] == [200] * 4
        until(server.idle)
        assert ask(server.address, "room again").status == 200
        assert not [text for text in server.texts_run() if text.startswith("refused")]


def test_a_longer_queue_asks_to_come_back_later(slow: FaultyServer) -> None:
    large = texts(1000, QUEUE_TOKENS // TOKENS)  # fits into the empty queue alone
    with slow.wires(5) as (first, *others):
        first.send_embed(*texts(10, 8))
        until(lambda: slow.queued_tokens() > 0)
        soon = check_refusal(ask(slow.address, *large))
        for number, wire in enumerate(others):
            wire.send_embed(*texts(100 * (1 + number), 10))
        slow.wait_for_active(5)
        late = check_refusal(ask(slow.address, *large))
        assert soon < late <= 30
        assert len(first.receive().embeddings()) == 8
    until(slow.idle)
    assert not set(large) & set(slow.texts_run())


def test_a_full_queue_refuses_a_request_whole_and_answers_what_it_took(slow: FaultyServer) -> None:
    requests = [texts(2000 + 10 * number, 4) for number in range(20)]
    with slow.wires(len(requests)) as wires:
        for wire, request in zip(wires, requests, strict=True):
            wire.send_embed(*request)
        answers = [wire.receive() for wire in wires]
    refused = [request for request, answer in zip(requests, answers, strict=True) if answer.status != 200]
    for answer in answers:
        if answer.status != 200:
            check_refusal(answer)
            assert "max_queue_tokens" in answer.document()["detail"]
    assert 4 <= len(refused) <= 12
    ran = set(slow.texts_run())
    assert not any(set(request) & ran for request in refused)
    until(slow.idle)


def test_a_request_that_cannot_be_in_time_is_refused_rather_than_left_to_wait(slow: FaultyServer) -> None:
    with slow.wires(9) as (patient, *waiting):
        for number, wire in enumerate(waiting):
            wire.send_embed(*texts(3000 + 10 * number, 4))
        slow.wait_for_active(len(waiting))
        check_refusal(ask(slow.address, *texts(4000, 1), headers={"x-request-timeout-ms": "100"}))
        patient.send_embed(*texts(5000, 1), headers={"x-request-timeout-ms": "25000"})
        assert [wire.receive().status for wire in (patient, *waiting)] == [200] * 9
    assert not set(texts(4000, 1)) & set(slow.texts_run())
