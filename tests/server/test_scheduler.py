"""What a run may hold, held against every order of arrival."""

import asyncio
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from server.jobs import Job
from server.scheduler import Queue, Waiting

Arrivals = list[tuple[int, bool]]
arrivals = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=60)


def with_jobs(check: Callable[[Job, Job], None]) -> None:
    async def run() -> None:
        check(Job(1000, "sentence_embedding", 0.0), Job(1000, "pooled", 0.0))

    asyncio.run(run())


def fill(queue: Queue, texts: Arrivals, jobs: tuple[Job, Job]) -> None:
    for index, (length, pooled) in enumerate(texts):
        queue.push(Waiting([7] * length, jobs[pooled], index))


@given(arrivals, st.integers(1, 40), st.booleans())
def test_every_text_leaves_exactly_once_and_counts_stay_true(texts: Arrivals, budget: int, mixed: bool) -> None:
    def check(one: Job, other: Job) -> None:
        queue = Queue(mixed_lengths=mixed)
        fill(queue, texts, (one, other))
        assert queue.tokens == sum(length for length, _ in texts)
        taken = []
        while queue:
            taken += queue.take(budget)
            assert queue.tokens == sum(length for length, _ in texts) - sum(len(one.ids) for one in taken)
        assert sorted(one.index for one in taken) == list(range(len(texts)))

    with_jobs(check)


@given(arrivals, st.integers(1, 40))
def test_a_run_has_one_length_and_one_output_within_the_budget_and_starts_with_the_oldest(
    texts: Arrivals, budget: int
) -> None:
    def check(one: Job, other: Job) -> None:
        queue = Queue(mixed_lengths=False)
        fill(queue, texts, (one, other))
        waiting = set(range(len(texts)))
        while queue:
            run = queue.take(budget)
            assert len({(len(text.ids), text.job.output) for text in run}) == 1
            assert len(run) == 1 or len(run) * len(run[0].ids) <= budget
            indexes = [text.index for text in run]
            assert indexes[0] == min(waiting)
            assert indexes == sorted(indexes)
            waiting -= set(indexes)

    with_jobs(check)


@given(arrivals, st.integers(1, 40))
def test_where_lengths_may_be_mixed_texts_leave_in_the_order_in_which_they_came(texts: Arrivals, budget: int) -> None:
    def check(one: Job, other: Job) -> None:
        queue = Queue(mixed_lengths=True)
        fill(queue, texts, (one, other))
        waiting = list(range(len(texts)))
        while queue:
            run = queue.take(budget)
            output = run[0].job.output
            assert run[0].index == waiting[0]
            same = [index for index in waiting if texts[index][1] == (output == "pooled")]
            assert [text.index for text in run] == same[: len(run)]
            tokens = sum(len(text.ids) for text in run)
            assert len(run) == 1 or tokens <= budget
            assert len(run) == len(same) or tokens + texts[same[len(run)]][0] > budget
            waiting = [index for index in waiting if index not in {text.index for text in run}]

    with_jobs(check)


def test_clear_returns_whatever_waits() -> None:
    def check(one: Job, other: Job) -> None:
        queue = Queue(mixed_lengths=False)
        fill(queue, [(3, False), (3, True), (5, False)], (one, other))
        assert sorted(text.index for text in queue.clear()) == [0, 1, 2]
        assert not queue
        assert queue.tokens == 0

    with_jobs(check)
