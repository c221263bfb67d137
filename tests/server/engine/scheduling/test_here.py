"""Lone texts on the event loop, under a fake session: when one is computed there, and what follows where it fails."""

import asyncio
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from server.contract.errors import InferenceError, UnavailableError
from server.engine.scheduling.calibration import HAND_OVER_S, CostModel
from server.engine.scheduling.cost import Cost, Observation
from server.engine.scheduling.here import ENOUGH
from server.engine.scheduling.job import Job
from server.engine.scheduling.scheduler import Queue
from server.engine.scheduling.slots import Plan, RunFigures
from server.engine.scheduling.workers import MAX_DEATHS, Workers
from tests.server.polling import until

OUTPUT = "sentence_embedding"
MOST_S = 0.01


class FakeSession:
    """Gives each text the sum of its ids, and remembers on which threads; fails on 13, dies on 666, sleeps on 42."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.longest_s = 0.0
        self.workers: Workers | None = None

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
        if encodings == [[99]]:
            return np.zeros((1, 1), np.float32)
        self.threads.append(threading.current_thread())
        if self.workers is not None:
            self.longest_s = max(self.longest_s, self.workers.slots.longest_s())
            assert encodings[0] in [text.ids for text in self.workers.slots.running]
        if any(13 in ids for ids in encodings):
            message = "unlucky"
            raise InferenceError(message)
        if any(666 in ids for ids in encodings):
            message = "a bug"
            raise RuntimeError(message)
        if any(42 in ids for ids in encodings):
            time.sleep(3 * MOST_S)
        return np.array([[sum(ids)] for ids in encodings], np.float32)

    @property
    def here(self) -> list[bool]:
        """Whether each run was on the event loop's thread."""
        return [one is threading.main_thread() for one in self.threads]


class Fixed(CostModel):
    """A text takes a millisecond a token."""

    def __init__(self) -> None:
        super().__init__([Observation(1, 1, 1.0)])

    @property
    def cost(self) -> Cost:
        return Cost(0.0, 0.001, 0.0)

    def observe(self, observation: Observation, *, all_cores: bool = False) -> None:
        assert not all_cores


class Caller:
    """Computes as the engine does: on the event loop, or else on a worker."""

    def __init__(self, session: FakeSession, most_here_s: float = MOST_S) -> None:
        plan = Plan(
            layout="ragged", threads=2, concurrent_runs=2, max_tokens_per_run=64, probe=[99], most_here_s=most_here_s
        )
        self.counted: list[RunFigures] = []
        self.workers = session.workers = Workers(session, Queue("ragged"), Fixed(), plan, self.counted.append)
        self.active, self.entered = 0, 0

    async def compute(self, *encodings: list[int]) -> list[float]:
        self.active += 1
        self.entered += 1
        try:
            job = Job(len(encodings), OUTPUT)
            if not await self.workers.here.compute(job, encodings, self):
                self.workers.submit(job, encodings)
            await asyncio.wait_for(job.future, 20)
            return [float(row[0]) for row in job.rows if row is not None]
        finally:
            self.active -= 1

    async def become_lone(self) -> None:
        for _ in range(ENOUGH):
            await self.compute([1])
        await self.rest()

    async def rest(self) -> None:
        """Wait until no worker has anything to do, which is a moment after its text is there."""
        await asyncio.to_thread(until, lambda: self.workers.idle)


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def caller(session: FakeSession) -> Iterator[Caller]:
    made = Caller(session)
    made.workers.start()
    yield made
    made.workers.stop()


def test_a_text_is_computed_on_the_event_loop_once_enough_requests_came_alone(
    session: FakeSession, caller: Caller
) -> None:
    async def check() -> None:
        await caller.become_lone()
        assert await caller.compute([2, 3]) == [5]

    asyncio.run(check())
    assert session.here == [False] * ENOUGH + [True]
    assert [run.tokens for run in caller.counted] == [1] * ENOUGH + [2]
    assert session.longest_s > 0  # so that the watchdog sees a run that hangs here
    assert not caller.workers.slots.running
    assert caller.workers.slots.longest_s() == 0


def test_a_request_of_several_texts_or_of_a_long_one_has_a_worker(session: FakeSession, caller: Caller) -> None:
    async def check() -> None:
        await caller.become_lone()
        await caller.compute([1], [2])
        await caller.compute([1] * 11)
        await caller.rest()
        await caller.compute([1] * 10)

    asyncio.run(check())
    assert session.here[-1] is True
    assert not any(session.here[:-1])


def test_with_no_time_for_it_every_text_has_a_worker(session: FakeSession) -> None:
    caller = Caller(session, most_here_s=0.0)
    caller.workers.start()

    async def check() -> None:
        await caller.become_lone()
        await caller.compute([1])

    asyncio.run(check())
    caller.workers.stop()
    assert not any(session.here)


def test_who_came_during_a_run_on_the_event_loop_has_a_worker_and_so_have_those_after(
    session: FakeSession, caller: Caller
) -> None:
    async def check() -> None:
        await caller.become_lone()
        tasks = [asyncio.create_task(caller.compute([1]))]
        # As bytes that arrive while the event loop computes: its next pass begins what they ask for.
        asyncio.get_running_loop().call_soon(lambda: tasks.append(asyncio.create_task(caller.compute([2]))))
        await tasks[0]
        assert len(tasks) == 2
        await tasks[1]
        await caller.become_lone()

    asyncio.run(check())
    assert session.here == [False] * ENOUGH + [True] + [False] * (ENOUGH + 1)


def test_who_is_answered_by_the_cache_during_a_run_was_there_too(session: FakeSession, caller: Caller) -> None:
    async def check() -> None:
        await caller.become_lone()

        def answer_from_the_cache() -> None:
            caller.entered += 1

        asyncio.get_running_loop().call_soon(answer_from_the_cache)
        await caller.compute([1])
        await caller.become_lone()

    asyncio.run(check())
    assert session.here == [False] * ENOUGH + [True] + [False] * ENOUGH


def test_texts_between_deaths_of_workers_end_the_row_of_them(session: FakeSession, caller: Caller) -> None:
    async def check() -> None:
        for _ in range(MAX_DEATHS + 1):
            with pytest.raises(UnavailableError):
                await caller.compute([666], [1])
            await asyncio.to_thread(until, lambda: caller.workers.well)
            for _ in range(ENOUGH + 5):
                await caller.compute([1])

    asyncio.run(check())
    assert caller.workers.deaths == MAX_DEATHS + 1
    assert caller.workers.broken is None
    assert any(session.here)


def test_while_a_worker_computes_another_text_has_a_worker(session: FakeSession, caller: Caller) -> None:
    async def check() -> None:
        await caller.become_lone()
        long = Job(1, OUTPUT)
        caller.workers.submit(long, [[42]])  # of nobody who counts as a request in progress
        await caller.compute([1])
        await long.future

    session.workers = None
    asyncio.run(check())
    assert not any(session.here)


def test_a_run_that_takes_much_longer_than_predicted_ends_it_for_a_while(session: FakeSession, caller: Caller) -> None:
    async def check() -> None:
        await caller.become_lone()
        await caller.compute([42])
        await caller.compute([1])

    asyncio.run(check())
    assert session.here[-2:] == [True, False]


def test_a_run_whose_client_leaves_is_counted_like_any_other(session: FakeSession, caller: Caller) -> None:
    async def check() -> None:
        await caller.become_lone()
        leaving = asyncio.create_task(caller.compute([2, 3]))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert caller.workers.idle

    asyncio.run(check())
    assert session.here[-1] is True
    assert caller.counted[-1].tokens == 2


def test_a_text_that_fails_on_the_event_loop_fails_on_a_worker(session: FakeSession, caller: Caller) -> None:
    async def check() -> None:
        await caller.become_lone()
        with pytest.raises(InferenceError):
            await caller.compute([13])
        assert caller.workers.well

    asyncio.run(check())
    assert session.here[-2:] == [True, False]


def test_what_would_kill_a_worker_kills_one_which_is_replaced(session: FakeSession, caller: Caller) -> None:
    async def check() -> None:
        await caller.become_lone()
        with pytest.raises(UnavailableError):
            await caller.compute([666])
        assert caller.workers.deaths == 1
        assert not caller.workers.well
        assert await caller.compute([2]) == [2]  # which no event loop computes before the new worker has proven itself

    asyncio.run(check())
    assert session.here[-3:] == [True, False, False]
    until(lambda: caller.workers.well)


@pytest.mark.parametrize(
    ("all_s", "wins"), [(0.004, False), (0.0045, False), (0.005 - HAND_OVER_S / 2, True), (0.006, True)]
)
def test_all_cores_are_asked_where_they_save_more_than_handing_over_takes(*, all_s: float, wins: bool) -> None:
    costs = CostModel([Observation(n, n, 0.005) for n in (1, 2, 4)], [Observation(n, n, all_s) for n in (1, 2, 4)])
    one, all_ = costs.cost, costs.all_cores
    assert all_ is not None
    assert one.run_s + one.of_text(2) == pytest.approx(0.005, rel=0.01)
    assert costs.here_wins(2, 0.01) is wins
    assert not costs.here_wins(2, 0.004)
