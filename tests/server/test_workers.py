"""The pool under a fake session: results, refusals, failures, a dying worker, a drain."""

import asyncio
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from server.errors import InferenceError, OverloadedError, UnavailableError
from server.scheduler import Queue
from server.workers import LONE_TOKENS, Workers

OUTPUT = "sentence_embedding"


class FakeSession:
    """Gives each text the sum of its ids; fails on 13, dies on 666; waits while the gate is shut."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.runs: list[tuple[int, int, bool]] = []

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
        assert self.gate.wait(20)
        self.runs.append((len(encodings), len(encodings[0]), all_cores))
        if any(13 in ids for ids in encodings):
            message = "unlucky"
            raise InferenceError(message)
        if any(666 in ids for ids in encodings):
            message = "a bug"
            raise RuntimeError(message)
        return np.array([[sum(ids)] for ids in encodings], np.float32)


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def workers(session: FakeSession) -> Iterator[Workers]:
    pool = Workers(session, Queue(mixed_lengths=False), count=2, max_tokens_per_run=8, max_queue_tokens=20)
    pool.start()
    yield pool
    session.gate.set()
    pool.stop()


async def compute(workers: Workers, *encodings: list[int]) -> list[float]:
    job = workers.submit(encodings, OUTPUT)
    await asyncio.wait_for(job.future, 20)
    return [float(row[0]) for row in job.rows if row is not None]


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
    assert max(texts for texts, _, _ in session.runs) > 2
    assert workers.alive


def test_a_dead_worker_fails_everyone_who_waits_with_the_cause(session: FakeSession) -> None:
    workers = Workers(session, Queue(mixed_lengths=False), count=1, max_tokens_per_run=8, max_queue_tokens=20)
    workers.start()

    async def everyone() -> list[BaseException | list[float]]:
        session.gate.clear()
        tasks = [asyncio.create_task(compute(workers, ids)) for ids in ([666], [1, 1], [2, 2, 2], [3, 3, 3, 3])]
        await asyncio.sleep(0.1)
        session.gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    for error in asyncio.run(everyone()):
        assert isinstance(error, UnavailableError)
        assert isinstance(error.__cause__, RuntimeError)
    assert not workers.alive
    with pytest.raises(UnavailableError, match="died"):
        asyncio.run(compute(workers, [1]))
    workers.stop()


def test_a_job_that_does_not_fit_the_queue_is_refused_whole(session: FakeSession, workers: Workers) -> None:
    async def overload() -> None:
        session.gate.clear()
        running = [asyncio.create_task(compute(workers, [1] * 8)) for _ in range(2)]
        await asyncio.sleep(0.2)
        waiting = asyncio.create_task(compute(workers, [2] * 8, [2] * 8))
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError, match="max_queue_tokens is 20"):
            workers.submit([[3], [3] * 4], OUTPUT)
        assert workers.queued_tokens == 16
        session.gate.set()
        assert await waiting == [16, 16]
        await asyncio.gather(*running)

    asyncio.run(overload())


def test_a_job_larger_than_the_queue_is_taken_when_nothing_waits(workers: Workers) -> None:
    assert asyncio.run(compute(workers, *[[1] * 7] * 10)) == [7] * 10


def test_only_a_lone_long_text_uses_all_cores(session: FakeSession, workers: Workers) -> None:
    asyncio.run(compute(workers, [1] * LONE_TOKENS))
    asyncio.run(compute(workers, [1] * (LONE_TOKENS - 1)))
    assert [all_cores for _, _, all_cores in session.runs] == [True, False]


def test_what_nobody_waits_for_any_more_is_not_computed(session: FakeSession, workers: Workers) -> None:
    async def leave() -> None:
        session.gate.clear()
        running = [asyncio.create_task(compute(workers, [1] * 8)) for _ in range(2)]
        await asyncio.sleep(0.1)
        abandoned = workers.submit([[5, 5, 5]], OUTPUT)
        abandoned.future.cancel()
        session.gate.set()
        await asyncio.gather(*running)
        assert await compute(workers, [6]) == [6]

    asyncio.run(leave())
    assert sorted(session.runs) == [(1, 1, False), (1, 8, False), (1, 8, False)]


def test_stop_finishes_what_is_queued_and_takes_no_more(session: FakeSession, workers: Workers) -> None:
    async def drain() -> None:
        session.gate.clear()
        tasks = [asyncio.create_task(compute(workers, [i, i])) for i in range(2, 6)]
        await asyncio.sleep(0.1)
        stopping = asyncio.create_task(asyncio.to_thread(workers.stop))
        await asyncio.sleep(0.1)
        with pytest.raises(UnavailableError, match="stopping"):
            workers.submit([[1]], OUTPUT)
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
