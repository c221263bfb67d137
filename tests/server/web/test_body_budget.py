"""The memory of bodies is bounded over all requests, and given back whatever becomes of them."""

import socket
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.contract.errors import OverloadedError
from server.web.body_budget import BodyBudget
from server.web.request_state import RequestState
from tests.running import start_server
from tests.tiny import TINY

PATIENCE_S = 10


def state() -> RequestState:
    return RequestState("id", "/embed", {}, None)


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
