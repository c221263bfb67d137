"""Who gets how much: the order of clients and of their requests, in tokens."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable

import pytest

from server.engine.scheduling.cost import Cost
from server.engine.scheduling.fairness import CHUNK_TOKENS, MOST_AWAY
from server.engine.scheduling.job import Job
from server.engine.scheduling.scheduler import Limits, Queue

RUNS, RUN_TOKENS = 60, 256
LIMITS = Limits(RUN_TOKENS, float("inf"))
COST = Cost(0.0, 1e-6, 0.0)


def serve(queue: Queue, between: Callable[[], None] = lambda: None) -> Counter[str]:
    """Take runs, and count the tokens that each client got."""
    served: Counter[str] = Counter()
    for _ in range(RUNS):
        between()
        for text in queue.take(COST, LIMITS, now_s=0.0):
            served[text.job.client] += len(text.ids)
    return served


def push(queue: Queue, client: str, *lengths: int, output: str = "pooled") -> None:
    queue.push(Job(len(lengths), output, client), [[7] * length for length in lengths])


def in_loop(check: Callable[[], None]) -> None:
    async def run() -> None:
        check()

    asyncio.run(run())


def test_a_client_that_keeps_asking_is_not_set_back_by_it() -> None:
    def check() -> None:
        queue = Queue("ragged")
        push(queue, "bulk", *[16] * 2000)
        for _ in range(20):
            push(queue, "busy", *[16] * 8)
        served = serve(queue, lambda: push(queue, "busy", *[16] * 8))
        assert served["busy"] == pytest.approx(served["bulk"], abs=2 * CHUNK_TOKENS)

    in_loop(check)


def test_a_piece_that_is_served_in_parts_loses_nothing_by_it() -> None:
    def check() -> None:
        queue = Queue("ragged")
        push(queue, "bulk", *[16] * 2000)
        for name in "abcd":
            for _ in range(1000):
                push(queue, name, 16)
        served = serve(queue)
        for name in "abcd":
            assert served[name] == pytest.approx(served["bulk"], abs=2 * CHUNK_TOKENS)

    in_loop(check)


def test_who_asks_for_little_hardly_waits_for_more_than_the_run_under_way() -> None:
    """The clients that ask for much began together, and are served one after the other."""

    def check() -> None:
        queue = Queue("ragged")
        for name in "abcdefgh":
            push(queue, name, *[200] * 1000)
        asked, runs = 0, 1000
        for _ in range(runs):
            if "little" not in {job.client for job in queue._by_job}:
                push(queue, "little", 15)
                asked += 1
            queue.take(COST, LIMITS, now_s=0.0)
        assert asked > runs * 2 / 3  # where it waits for a run of each of the others, a sixth

    in_loop(check)


@pytest.mark.parametrize("lengths", [(200,), (16,) * 16, (200, 200)])
def test_who_comes_back_when_it_is_served_gets_no_more_than_its_share(lengths: tuple[int, ...]) -> None:
    def check() -> None:
        queue = Queue("ragged")
        for name in "abc":
            push(queue, name, *[16] * 2000)

        def come_back() -> None:
            if "one" not in {job.client for job in queue._by_job}:
                push(queue, "one", *lengths)

        served = serve(queue, come_back)
        for name in "abc":
            assert served["one"] == pytest.approx(served[name], abs=2 * CHUNK_TOKENS)
        assert served["one"] > 0

    in_loop(check)


@pytest.mark.parametrize(("length", "waiting"), [(256, 1), (200, 1), (200, 2), (64, 2), (64, 4)])
def test_ever_new_names_have_no_more_than_as_many_clients(length: int, waiting: int) -> None:
    def check() -> None:
        queue, names = Queue("ragged"), itertools.count()
        for name in "abc":
            push(queue, name, *[64] * 2000)

        def come() -> None:
            for _ in range(waiting - sum(job.client not in "abc" for job in queue._by_job)):
                push(queue, f"new {next(names)}", length)

        served = serve(queue, come)
        for name in "abc":
            assert served[name] > 0.8 * served.total() / (3 + waiting)
        assert len(queue._order._away) <= 2 * MOST_AWAY

    in_loop(check)


def test_clients_that_left_are_forgotten_once_the_others_have_had_as_much() -> None:
    def check() -> None:
        queue = Queue("ragged")
        push(queue, "bulk", *[16] * 200_000)
        for number in range(2000):
            push(queue, str(number), 16)
            queue.take(COST, LIMITS, now_s=0.0)
        assert len(queue._order._away) <= 2 * MOST_AWAY

    in_loop(check)


def test_one_output_does_not_hold_up_another() -> None:
    def check() -> None:
        queue = Queue("ragged")
        push(queue, "a", *[100] * 1000)
        push(queue, "a", 8, output="sentence_embedding")
        assert [text.job.output for text in queue.take(COST, LIMITS, now_s=0.0)] == ["sentence_embedding"]

    in_loop(check)
