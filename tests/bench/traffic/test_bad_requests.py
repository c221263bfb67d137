"""The bad requests against the real daemon on the tiny model: each gets what docs/api.md promises."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.traffic.bad_requests import LIMITS, BadRequest, bad_requests
from bench.traffic.client_steps import bad_step
from bench.traffic.clients import Tally, take_step
from bench.traffic.connection import Pool
from tests.running import RunningServer, start_server
from tests.tiny import TINY

BAD_REQUESTS = bad_requests()


@pytest.fixture(scope="module")
def limited_server(tiny_models: Path) -> Iterator[RunningServer]:
    limits = [word for flag, value in LIMITS.items() for word in (flag, str(value))]
    with start_server("--models", str(tiny_models), "--model", TINY, *limits) as server:
        yield server


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_a_bad_request_gets_the_documented_status_and_headers(limited_server: RunningServer, name: str) -> None:
    tally = take_one(limited_server, name, BAD_REQUESTS[name])
    assert dict(tally.unexpected) == {}
    assert dict(tally.statuses) == {BAD_REQUESTS[name].status: 1}


def test_another_status_than_the_documented_one_is_noticed(limited_server: RunningServer) -> None:
    tally = take_one(limited_server, "not JSON", BadRequest(BAD_REQUESTS["not JSON"].payload, "422"))
    assert dict(tally.unexpected) == {"not JSON: 400 instead of 422": 1}


def take_one(server: RunningServer, name: str, bad: BadRequest) -> Tally:
    tally = Tally()

    async def run() -> None:
        pool = Pool("127.0.0.1", server.port)
        await take_step(pool, bad_step(name, bad), tally)
        pool.close()

    asyncio.run(run())
    return tally
