"""The servers of `bench door`: their keys and limits, and the application of one answer."""

import asyncio
from argparse import Namespace
from pathlib import Path

import pytest

from bench.figures.load import LoadFigures
from bench.options import DEFAULTS
from bench.servers.doors import LIMITS, guarded_spec, issue_key, open_spec, raw_spec
from bench.servers.running import run_server
from bench.traffic.dialects import DIALECTS, encode_request
from bench.traffic.loops import Plan
from bench.traffic.repetition import Exchange, learn, repeat
from tests.tiny import TINY

PLAN = Plan(warm_s=0.1, measured_s=0.4)
BODY = b'{"embeddings":[[0.5,1.5]],"cached_count":1}'


@pytest.fixture
def options(tiny_models: Path) -> Namespace:
    return Namespace(models=tiny_models, model=TINY, provider="cpu")


def test_a_key_is_issued_as_a_user_does_it(tmp_path: Path) -> None:
    assert issue_key(tmp_path / "keys.json").startswith("vecd_")
    assert (tmp_path / "keys.json").is_file()


def test_the_guarded_server_has_its_key_and_its_limits_and_the_open_one_neither(
    options: Namespace, tmp_path: Path
) -> None:
    guarded, unguarded = guarded_spec(options, tmp_path), open_spec(options, tmp_path)
    assert guarded.headers["Authorization"].startswith("Bearer vecd_")
    assert tuple(guarded.command[-len(LIMITS) :]) == LIMITS
    assert unguarded.headers == {}
    assert not set(LIMITS) & set(unguarded.command)
    assert not Path(unguarded.command[-1]).exists()


def test_the_raw_application_answers_the_same_bytes_to_every_request(tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_bytes(BODY)

    async def run() -> tuple[Exchange, LoadFigures]:
        async with run_server(raw_spec(tmp_path / "answer.json"), tmp_path) as server:
            request = encode_request(DIALECTS["native"], ["a b"], DEFAULTS.model)
            exchange = await learn(server.port, DIALECTS["native"], request)
            return exchange, await repeat(server.port, exchange, 2, PLAN, tokens=4)

    exchange, figures = asyncio.run(run())
    assert exchange.expected == BODY
    assert figures.errors == {}
    assert figures.requests > 10
