"""The memory of bodies is bounded over all requests, and given back whatever becomes of them."""

import socket
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.contract.errors import OverloadedError, UnavailableError
from server.web.body_budget import BodyBudget, Pace
from server.web.request_state import RequestState
from tests.running import start_server
from tests.tiny import TINY

PATIENCE_S = 10


def state() -> RequestState:
    return RequestState("id", "/embed", {})


def test_what_is_held_is_given_back_once() -> None:
    budget, one, other = BodyBudget(100), state(), state()
    budget.hold(one, 60)
    budget.hold(other, 30)
    with pytest.raises(OverloadedError, match="max_bodies_bytes is 100"):
        budget.hold(other, 11)
    assert budget.held_bytes == 90
    budget.release(one)
    budget.release(one)
    assert budget.held_bytes == 30
    budget.hold(other, 70)
    budget.release(other)
    assert budget.held_bytes == 0


class Reader:
    """A connection that keeps an answer for a client of a certain pace."""

    def __init__(self, budget: BodyBudget, size: int, pace: Pace | None) -> None:
        self._budget = budget
        self._pace = pace
        self.is_cut = False
        budget.count(self, size)

    def pace(self) -> Pace | None:
        return self._pace

    def cut(self) -> None:
        self.is_cut = True
        self._budget.count(self, 0)


def test_what_is_kept_for_a_client_counts_until_it_is_taken() -> None:
    budget = BodyBudget(100)
    reader = Reader(budget, 80, None)
    with pytest.raises(OverloadedError):
        budget.hold(state(), 30)
    budget.count(reader, 20)
    budget.hold(state(), 30)
    assert budget.held_bytes == 50
    budget.count(reader, 0)
    assert budget.held_bytes == 30


def test_the_slowest_lose_their_answers_and_no_more_of_them_than_needed() -> None:
    budget = BodyBudget(100)
    fresh = Reader(budget, 20, None)
    fast = Reader(budget, 20, Pace(1000.0, -90))
    late, long = Reader(budget, 20, Pace(0.0, -5)), Reader(budget, 20, Pace(0.0, -50))
    slow = Reader(budget, 20, Pace(1.5, -5))
    budget.hold(state(), 15)
    assert [one.is_cut for one in (long, late, slow, fast, fresh)] == [True, False, False, False, False]
    budget.hold_answer(state(), 40)
    assert [one.is_cut for one in (long, late, slow, fast, fresh)] == [True, True, True, False, False]
    assert budget.held_bytes == 95


def test_nobody_is_cut_off_in_vain() -> None:
    budget = BodyBudget(100)
    slow, fresh = Reader(budget, 20, Pace(0.0, -50)), Reader(budget, 70, None)
    with pytest.raises(UnavailableError, match="max_bodies_bytes is 100"):
        budget.hold_answer(state(), 40)
    assert not slow.is_cut
    assert not fresh.is_cut


def test_an_answer_is_counted_once_and_one_that_is_too_large_passes_where_nothing_else_is() -> None:
    budget, one = BodyBudget(100), state()
    budget.hold(one, 10)
    budget.hold_answer(one, 60)
    budget.hold_answer(one, 50)
    assert (budget.held_bytes, one.held_bytes) == (70, 70)
    budget.hold_answer(one, 500)
    assert budget.held_bytes == 510
    with pytest.raises(UnavailableError):
        budget.hold_answer(state(), 1)
    budget.release(one)
    assert budget.held_bytes == 0


@pytest.mark.e2e
def test_a_body_that_is_slowly_sent_takes_the_room_of_others_until_its_client_leaves(tiny_models: Path) -> None:
    body = {"texts": ["word " * 12_000]}
    flags = ("--models", str(tiny_models), "--model", TINY, "--max-bodies-bytes", "100000")
    with start_server(*flags) as server, server.client() as client:
        with socket.create_connection((server.host, server.port), timeout=PATIENCE_S) as slow:
            head = "host: localhost\r\ncontent-type: application/json\r\ncontent-length: 80000"
            slow.sendall(f"POST /embed HTTP/1.1\r\n{head}\r\n\r\n".encode() + b"x" * 70_000)
            answer = until(client, body, 429)
            assert "max_bodies_bytes" in answer.json()["detail"]
            assert int(answer.headers["retry-after"]) >= 1
            assert client.post("/embed", json={"texts": ["short"]}).status_code == 200
        assert until(client, body, 200).json()["truncated"] == [True]


def until(client: httpx.Client, body: dict[str, Any], status: int) -> httpx.Response:
    """Ask until the answer is that."""
    end = time.monotonic() + PATIENCE_S
    while (answer := client.post("/embed", json=body)).status_code != status:
        assert time.monotonic() < end, answer.text
    return answer
