"""The order of the stages, over the tiny model: who joins whom, what is remembered, what a caller takes along."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from server.contract.embedding import Demand
from server.contract.errors import DeadlineError, InferenceError, OverloadedError
from server.engine.engine import Engine
from server.engine.sessions.session import Rows, Session
from tests.server.application import exchangeable_backend, tiny_settings


class Counting:
    """The true session, counting texts; waits while the gate is shut, fails while it is broken."""

    def __init__(self, true: Session) -> None:
        self.true = true
        self.texts = 0
        self.lengths = list[int]()
        self.gate = threading.Event()
        self.gate.set()
        self.broken = False

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> Rows:
        assert self.gate.wait(20)
        self.texts += len(encodings)
        self.lengths += map(len, encodings)
        if self.broken:
            message = "broken"
            raise InferenceError(message)
        return self.true.run(encodings, output, all_cores=all_cores)


Check = Callable[[Engine, Counting], Awaitable[None]]


@pytest.fixture
def run(tiny_models: Path) -> Callable[[Check], None]:
    def run_check(check: Check) -> None:
        backend, exchangeable = exchangeable_backend(tiny_settings(tiny_models))
        session = Counting(exchangeable.true)
        exchangeable.current = session
        engine = backend.parts.engine
        engine.start()
        try:
            asyncio.run(asyncio.wait_for(_quiet(check, engine, session), 30))
        finally:
            session.gate.set()
            engine.close()

    return run_check


async def _quiet(check: Check, engine: Engine, session: Counting) -> None:
    await check(engine, session)
    assert engine.admission.active == 0
    assert len(engine.in_flight) == 0
    assert engine.workers.forecast.backlog().texts == 0


async def turn(engine: Engine, session: Counting, count: int) -> None:
    """Wait until so many requests are in progress, and their runs have begun."""
    while engine.admission.active < count or not engine.workers.slots.busy:
        await asyncio.sleep(0.001)


def test_ten_requests_for_one_text_compute_it_once(run: Callable[[Check], None]) -> None:
    async def check(engine: Engine, session: Counting) -> None:
        session.gate.clear()
        tasks = [asyncio.create_task(engine.embed(["same", f"own {i}"])) for i in range(10)]
        await turn(engine, session, 10)
        session.gate.set()
        answers = await asyncio.gather(*tasks)
        assert session.texts == 11
        assert len({answer.rows[0].tobytes() for answer in answers}) == 1
        assert all(answer.cached_count == 0 for answer in answers)
        assert engine.in_flight.joined == 9
        assert (await engine.embed(["same"])).cached_count == 1

    run(check)


def test_a_text_in_anothers_backlog_is_computed_in_its_own_turn(run: Callable[[Check], None]) -> None:
    async def check(engine: Engine, session: Counting) -> None:
        session.gate.clear()
        busy, quiet = Demand(client="busy"), Demand(client="quiet")
        long = [asyncio.create_task(engine.embed([f"{n} " * 60], busy)) for n in range(40)]
        await turn(engine, session, 40)
        last = asyncio.create_task(engine.embed(["same"], busy))
        again = asyncio.create_task(engine.embed(["same"], busy))
        await turn(engine, session, 42)
        first = asyncio.create_task(engine.embed(["same"], quiet))
        await turn(engine, session, 43)
        assert engine.in_flight.joined == 1
        session.gate.set()
        answer = await first
        assert (await last).rows.tobytes() == (await again).rows.tobytes() == answer.rows.tobytes()
        await asyncio.gather(*long)
        short = min(session.lengths)
        assert session.lengths.count(short) == 2
        assert session.lengths.index(short) < 30

    run(check)


def test_a_text_whose_run_has_begun_is_computed_once_for_all_clients(run: Callable[[Check], None]) -> None:
    async def check(engine: Engine, session: Counting) -> None:
        session.gate.clear()
        first = asyncio.create_task(engine.embed(["same"], Demand(client="one")))
        await turn(engine, session, 1)
        while not engine.workers.slots.running:
            await asyncio.sleep(0.001)
        others = [asyncio.create_task(engine.embed(["same"], Demand(client=f"other {n}"))) for n in range(3)]
        await turn(engine, session, 4)
        session.gate.set()
        answers = await asyncio.gather(first, *others)
        assert session.texts == 1
        assert engine.in_flight.joined == 3
        assert len({answer.rows.tobytes() for answer in answers}) == 1

    run(check)


def test_owners_of_the_cache_neither_join_nor_find_each_other(run: Callable[[Check], None]) -> None:
    async def check(engine: Engine, session: Counting) -> None:
        session.gate.clear()
        demands = [Demand(cache_owner=owner) for owner in ("key 1", "key 1", "key 2", "")]
        tasks = [asyncio.create_task(engine.embed(["same"], demand)) for demand in demands]
        await turn(engine, session, len(tasks))
        session.gate.set()
        answers = await asyncio.gather(*tasks)
        assert (session.texts, engine.in_flight.joined) == (3, 1)
        assert len({answer.rows[0].tobytes() for answer in answers}) == 1
        assert (await engine.embed(["same"], Demand(cache_owner="key 3"))).cached_count == 0
        assert (await engine.embed(["same"], demands[0])).cached_count == 1

    run(check)


def test_without_the_cache_nobody_joins_and_nothing_is_remembered(run: Callable[[Check], None]) -> None:
    async def check(engine: Engine, session: Counting) -> None:
        session.gate.clear()
        tasks = [asyncio.create_task(engine.embed(["same"], Demand(cache=False))) for _ in range(3)]
        await turn(engine, session, 3)
        session.gate.set()
        await asyncio.gather(*tasks)
        assert session.texts == 3
        assert len(engine.cache) == 0

    run(check)


def test_who_joined_is_served_when_the_first_leaves(run: Callable[[Check], None]) -> None:
    async def check(engine: Engine, session: Counting) -> None:
        expected = (await engine.embed(["same"], Demand(cache=False))).rows
        session.gate.clear()
        first = asyncio.create_task(engine.embed(["same"]))
        await turn(engine, session, 1)
        others = [asyncio.create_task(engine.embed(["same"])) for _ in range(2)]
        await turn(engine, session, 3)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        session.gate.set()
        for answer in await asyncio.gather(*others):
            assert np.array_equal(answer.rows, expected)

    run(check)


def test_a_joiner_that_leaves_takes_nobody_along(run: Callable[[Check], None]) -> None:
    async def check(engine: Engine, session: Counting) -> None:
        session.gate.clear()
        tasks = [asyncio.create_task(engine.embed(["same"])) for _ in range(3)]
        await turn(engine, session, 3)
        tasks[1].cancel()
        await asyncio.sleep(0)
        session.gate.set()
        assert [isinstance(one, BaseException) for one in await asyncio.gather(*tasks, return_exceptions=True)] == [
            False,
            True,
            False,
        ]
        assert session.texts == 1

    run(check)


def test_a_text_that_fails_fails_all_who_want_it_and_is_not_remembered(run: Callable[[Check], None]) -> None:
    async def check(engine: Engine, session: Counting) -> None:
        session.broken = True
        session.gate.clear()
        tasks = [asyncio.create_task(engine.embed(["same"])) for _ in range(3)]
        await turn(engine, session, 3)
        session.gate.set()
        for error in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(error, InferenceError)
        assert len(engine.cache) == 0
        session.broken = False
        assert (await engine.embed(["same"])).cached_count == 0

    run(check)


def test_a_caller_that_leaves_frees_its_place_and_its_texts_are_never_run(run: Callable[[Check], None]) -> None:
    async def check(engine: Engine, session: Counting) -> None:
        session.gate.clear()
        running = [asyncio.create_task(engine.embed([f"running {i}"])) for i in range(engine.workers.slots.concurrent)]
        while engine.workers.slots.busy < engine.workers.slots.concurrent:
            await asyncio.sleep(0.001)
        leaving = asyncio.create_task(engine.embed(["never run", "nor this"]))
        while not engine.workers.forecast.backlog().texts:
            await asyncio.sleep(0.001)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert engine.workers.forecast.backlog().texts == 0
        assert engine.admission.active == len(running)
        session.gate.set()
        await asyncio.gather(*running)
        assert session.texts == len(running)

    run(check)


@pytest.mark.parametrize("joins", [False, True])
def test_who_has_waited_long_enough_is_told_soon(run: Callable[[Check], None], joins: bool) -> None:
    async def check(engine: Engine, session: Counting) -> None:
        session.gate.clear()
        running = [asyncio.create_task(engine.embed([f"running {i}"])) for i in range(engine.workers.slots.concurrent)]
        while engine.workers.slots.busy < engine.workers.slots.concurrent:
            await asyncio.sleep(0.001)
        with pytest.raises(DeadlineError):
            await engine.embed(["running 0" if joins else "late"], Demand(timeout_s=0.05))
        assert engine.admission.refused["deadline"] == 1
        session.gate.set()
        await asyncio.gather(*running)
        assert session.texts == len(running)

    run(check)


def test_a_wait_that_would_outlast_the_callers_time_is_refused_at_once(run: Callable[[Check], None]) -> None:
    async def check(engine: Engine, session: Counting) -> None:
        session.gate.clear()
        long = asyncio.create_task(engine.embed([f"text {i}" for i in range(1000)], Demand(cache=False)))
        await turn(engine, session, 1)
        backlog = engine.workers.forecast.backlog()
        piece_s = engine.workers.forecast.seconds_of(100)
        with pytest.raises(OverloadedError, match="would begin"):
            await engine.embed(
                ["a b c d"] * 1 + [f"x {i}" for i in range(40)], Demand(timeout_s=min(backlog.seconds, piece_s) / 10)
            )
        session.gate.set()
        await long

    run(check)
