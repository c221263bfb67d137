"""The pool under a fake session: results, failures, dying and hanging workers, deadlines, a drain."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from server.contract.errors import DeadlineError, InferenceError, UnavailableError
from server.engine.scheduling.calibration import CostModel
from server.engine.scheduling.cost import Cost, Observation
from server.engine.scheduling.job import Job
from server.engine.scheduling.scheduler import Queue
from server.engine.scheduling.slots import Plan, RunFigures
from server.engine.scheduling.workers import MAX_DEATHS, MAX_FAILURES, Workers

OUTPUT = "sentence_embedding"
# Runs are over sooner than they are expected to be.
COST = Cost(0.5, 1.0, 0.0)


class FakeSession:
    """Gives each text the sum of its ids; fails on 13, dies on 666; waits while the gate is shut."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.runs: list[tuple[int, int, bool]] = []
        self.proven = 0

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
        assert self.gate.wait(20)
        if encodings == [[99]]:
            self.proven += 1
            return np.zeros((1, 1), np.float32)
        self.runs.append((len(encodings), len(encodings[0]), all_cores))
        if any(13 in ids for ids in encodings):
            message = "unlucky"
            raise InferenceError(message)
        if any(666 in ids for ids in encodings):
            message = "a bug"
            raise RuntimeError(message)
        return np.array([[sum(ids)] for ids in encodings], np.float32)


class Fixed(CostModel):
    """Costs that do not follow the fake session's times."""

    def __init__(self) -> None:
        super().__init__([Observation(1, 1, 1.0)])

    @property
    def cost(self) -> Cost:
        return COST

    def all_cores_win(self, length: int) -> bool:
        return length >= 10

    def observe(self, observation: Observation, *, all_cores: bool = False) -> None:
        assert observation.seconds >= 0
        assert not all_cores or observation.tokens >= 10


def pool(session: FakeSession, threads: int = 2, runs: int = 2, layout: str = "equal-length") -> Workers:
    plan = Plan(layout=layout, threads=threads, concurrent_runs=runs, max_tokens_per_run=8, probe=[99])
    return Workers(session, Queue(layout), Fixed(), plan, lambda _: None)


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def workers(session: FakeSession) -> Iterator[Workers]:
    made = pool(session)
    made.start()
    yield made
    session.gate.set()
    made.stop()


def submit(workers: Workers, *encodings: list[int], timeout_s: float | None = None) -> Job:
    job = Job(len(encodings), OUTPUT, timeout_s=timeout_s)
    workers.submit(job, encodings)
    return job


async def compute(workers: Workers, *encodings: list[int]) -> list[float]:
    job = submit(workers, *encodings)
    await asyncio.wait_for(job.future, 20)
    return [float(row[0]) for row in job.rows if row is not None]


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def test_rows_come_back_in_the_order_of_the_texts(workers: Workers) -> None:
    encodings = [[1], [2, 3], [4], [5, 6, 7], [8, 9]]
    assert asyncio.run(compute(workers, *encodings)) == [1, 5, 4, 18, 17]


def test_jobs_that_share_runs_get_their_own_rows(workers: Workers) -> None:
    async def many() -> list[list[float]]:
        return await asyncio.gather(*(compute(workers, [i], [i, i]) for i in range(20, 24)))

    assert asyncio.run(many()) == [[i, 2 * i] for i in range(20, 24)]


def test_a_text_that_cannot_be_computed_fails_its_job_alone(session: FakeSession, workers: Workers) -> None:
    async def together() -> list[BaseException | list[float]]:
        session.gate.clear()
        running = [asyncio.create_task(compute(workers, [1] * 8)) for _ in range(2)]
        await asyncio.sleep(0.1)
        tasks = [asyncio.create_task(compute(workers, ids, ids)) for ids in ([4, 4], [13, 13], [5, 5])]
        await asyncio.sleep(0.1)
        session.gate.set()
        await asyncio.gather(*running)
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, second, third = asyncio.run(together())
    assert (first, third) == ([8, 8], [10, 10])
    assert isinstance(second, InferenceError)
    assert max(texts for texts, _, _ in session.runs) > 1
    assert workers.well


def test_a_dead_worker_fails_those_of_its_run_with_the_cause_and_is_replaced(session: FakeSession) -> None:
    workers = pool(session, threads=1, runs=1)
    workers.start()

    async def everyone() -> None:
        session.gate.clear()
        dying = submit(workers, [666])
        await until(lambda: workers.slots.busy)
        waiting = asyncio.create_task(compute(workers, [2, 2, 2]))
        session.gate.set()
        with pytest.raises(UnavailableError) as caught:
            await asyncio.wait_for(dying.future, 20)
        assert isinstance(caught.value.__cause__, RuntimeError)
        assert not workers.well
        assert await waiting == [6]
        assert workers.well
        assert (session.proven, workers.deaths) == (1, 1)

    asyncio.run(everyone())
    workers.stop()


def test_a_pool_whose_workers_die_one_after_the_other_is_broken_and_says_so_once(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.engine.scheduling.workers.RESPITE_S", 0.0)
    workers = pool(session, threads=1, runs=1)
    said: list[bool] = []
    workers.call_when_broken(lambda: said.append(True))
    workers.start()

    async def die() -> None:
        for _ in range(MAX_DEATHS):
            with pytest.raises(UnavailableError):
                await asyncio.wait_for(submit(workers, [666]).future, 20)
        await until(lambda: said)
        with pytest.raises(UnavailableError, match="must restart"):
            submit(workers, [1])

    asyncio.run(die())
    assert not workers.well
    assert said == [True]
    workers.stop()


def test_breaking_down_fails_what_runs_and_what_waits(session: FakeSession) -> None:
    workers = pool(session, threads=1, runs=1)
    workers.start()

    async def hang() -> None:
        session.gate.clear()
        running = submit(workers, [1] * 8)
        await until(lambda: workers.slots.busy)
        assert 0 < workers.slots.longest_s() < 20
        waiting = submit(workers, [2] * 8)
        workers.break_down("a run hangs")
        for job in (running, waiting):
            with pytest.raises(UnavailableError, match="hangs"):
                await asyncio.wait_for(job.future, 20)

    asyncio.run(hang())
    workers.stop()  # does not wait for the thread that hangs
    session.gate.set()


def test_work_whose_time_has_passed_before_it_began_is_never_run(session: FakeSession) -> None:
    workers = pool(session, threads=1, runs=1)
    workers.start()

    async def late() -> None:
        session.gate.clear()
        running = submit(workers, [1] * 8, timeout_s=20)
        await until(lambda: workers.slots.busy)
        told = submit(workers, [5, 5], timeout_s=0.01)
        workers.expire(told)
        found = submit(workers, [6, 6], timeout_s=0.01)
        workers.expire(running)  # has begun, and is finished
        await asyncio.sleep(0.05)
        session.gate.set()
        for job in (told, found):
            with pytest.raises(DeadlineError):
                await asyncio.wait_for(job.future, 20)
        await asyncio.wait_for(running.future, 20)
        assert await compute(workers, [7]) == [7]
        assert workers.forecast.backlog().tokens == 0

    asyncio.run(late())
    assert session.runs == [(1, 8, False), (1, 1, False)]
    workers.stop()


def test_the_backlog_tells_how_long_what_waits_will_take(session: FakeSession, workers: Workers) -> None:
    async def look() -> None:
        session.gate.clear()
        running = [submit(workers, [1] * 8) for _ in range(2)]
        await until(lambda: workers.slots.busy == 2)
        waiting = submit(workers, [2] * 8, [2] * 8)
        backlog = workers.forecast.backlog()
        assert (backlog.texts, backlog.tokens, backlog.jobs) == (2, 16, 1)
        assert backlog.seconds >= 16 * COST.token_s / 2
        session.gate.set()
        for job in (*running, waiting):
            await asyncio.wait_for(job.future, 20)

    asyncio.run(look())


def test_a_lone_text_uses_all_cores_where_they_win(session: FakeSession, workers: Workers) -> None:
    asyncio.run(compute(workers, [1] * 10))
    asyncio.run(compute(workers, [1] * 9))
    assert [all_cores for _, _, all_cores in session.runs] == [True, False]


def test_a_run_that_would_only_be_prepared_gathers_texts_until_it_is_full(session: FakeSession) -> None:
    workers = pool(session, threads=2, runs=1, layout="padded")
    workers.start()

    async def gather() -> None:
        session.gate.clear()
        running = submit(workers, [1])
        await until(lambda: workers.slots.busy)
        few = [submit(workers, [2]) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert workers.slots.busy == 1
        more = [submit(workers, [3]) for _ in range(5)]
        await until(lambda: workers.slots.busy == 2)
        assert workers.forecast.backlog().texts == 0
        session.gate.set()
        for job in (running, *few, *more):
            await asyncio.wait_for(job.future, 20)

    asyncio.run(gather())
    assert sorted(texts for texts, _, _ in session.runs) == [1, 8]
    workers.stop()


def test_what_a_run_was_is_told(session: FakeSession) -> None:
    told: list[RunFigures] = []
    plan = Plan(layout="padded", threads=1, concurrent_runs=1, max_tokens_per_run=100, probe=[99])
    workers = Workers(session, Queue("padded"), CostModel([Observation(1, 1, 1.0)]), plan, told.append)
    session.gate.clear()
    workers.start()

    async def two() -> None:
        first = submit(workers, [1])
        await until(lambda: workers.slots.busy)
        second = submit(workers, [1, 1], [1, 1, 1])
        session.gate.set()
        for job in (first, second):
            await asyncio.wait_for(job.future, 20)

    asyncio.run(two())
    workers.stop()
    assert [(one.texts, one.tokens, one.computed_tokens) for one in told] in (
        [(1, 1, 1), (2, 5, 6)],
        [(1, 1, 1), (1, 2, 2), (1, 3, 3)],
    )
    assert all(one.seconds > 0 for one in told)


def test_what_nobody_waits_for_any_more_is_not_computed(session: FakeSession, workers: Workers) -> None:
    async def leave() -> None:
        session.gate.clear()
        running = [asyncio.create_task(compute(workers, [1] * 8)) for _ in range(2)]
        await asyncio.sleep(0.1)
        abandoned = [submit(workers, [5, 5, 5]), submit(workers, [5, 5, 5, 5])]
        abandoned[0].future.cancel()
        abandoned[1].future.cancel()
        workers.discard(abandoned[1])
        assert workers.forecast.backlog().tokens == 3
        session.gate.set()
        await asyncio.gather(*running)
        assert await compute(workers, [6]) == [6]

    asyncio.run(leave())
    assert sorted((texts, length) for texts, length, _ in session.runs) == [(1, 1), (1, 8), (1, 8)]


def test_stop_finishes_what_is_queued_and_takes_no_more(session: FakeSession, workers: Workers) -> None:
    async def drain() -> None:
        session.gate.clear()
        tasks = [asyncio.create_task(compute(workers, [i, i])) for i in range(2, 6)]
        await asyncio.sleep(0.1)
        stopping = asyncio.create_task(asyncio.to_thread(workers.stop))
        await asyncio.sleep(0.1)
        with pytest.raises(UnavailableError, match="stopping"):
            submit(workers, [1])
        session.gate.set()
        assert await asyncio.gather(*tasks) == [[2 * i] for i in range(2, 6)]
        await stopping

    asyncio.run(drain())


def test_idle_workers_share_what_waits(session: FakeSession, workers: Workers) -> None:
    async def both() -> list[float]:
        session.gate.clear()
        task = asyncio.create_task(compute(workers, [1, 1], [2, 2], [3, 3], [4, 4]))
        await asyncio.sleep(0.2)
        session.gate.set()
        return await task

    assert asyncio.run(both()) == [2, 4, 6, 8]
    assert [texts for texts, _, _ in session.runs] == [2, 2]


def test_a_pool_on_which_nothing_can_be_computed_any_more_is_broken(session: FakeSession) -> None:
    class Sick(FakeSession):
        def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
            message = "sick for good"
            raise InferenceError(message)

    workers = pool(Sick(), threads=1, runs=1)
    workers.start()

    async def fail() -> None:
        for _ in range(MAX_FAILURES):
            assert not workers.broken
            with pytest.raises(InferenceError):
                await asyncio.wait_for(submit(workers, [1]).future, 20)
        await until(lambda: workers.broken)

    asyncio.run(fail())
    workers.stop()


def test_a_probe_that_hangs_is_seen_by_the_watchdog(session: FakeSession) -> None:
    workers = pool(session, threads=1, runs=1)
    workers.start()

    async def die() -> None:
        with pytest.raises(UnavailableError):
            await asyncio.wait_for(submit(workers, [666]).future, 20)
        session.gate.clear()
        await until(lambda: workers.slots.longest_s() > 0)
        assert not workers.slots.busy
        session.gate.set()
        await until(lambda: workers.well)

    asyncio.run(die())
    workers.stop()
