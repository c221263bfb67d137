"""What a run may hold and whose turn it is, held against every order of arrival."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.engine.scheduling.cost import Cost
from server.engine.scheduling.fairness import CHUNK_TOKENS
from server.engine.scheduling.job import Job, QueuedText
from server.engine.scheduling.scheduler import PASSED_OVER_S, WINDOW_TEXTS, Limits, Queue, count_computed

COST = Cost(5.0, 1.0, 0.01)
PLENTY = float("inf")
LAYOUTS = ("ragged", "padded", "equal-length")
# Of each job: its client, whether it asks for the pooled output, and its texts' lengths.
jobs_drawn = st.lists(
    st.tuples(st.sampled_from("abc"), st.booleans(), st.lists(st.integers(1, 12), min_size=1, max_size=8)),
    min_size=1,
    max_size=10,
)


def in_loop(check: Callable[[], None]) -> None:
    """Jobs hold a future: they are made where an event loop turns."""

    async def run() -> None:
        check()

    asyncio.run(run())


def push(queue: Queue, *lengths: int, client: str = "", output: str = "sentence_embedding") -> Job:
    job = Job(len(lengths), output, client)
    queue.push(job, [[7] * length for length in lengths])
    return job


def take(queue: Queue, max_tokens: int = 10**6, share_s: float = PLENTY, now_s: float = 0.0) -> list[QueuedText]:
    return queue.take(COST, Limits(max_tokens, share_s), now_s)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(jobs_drawn, st.integers(1, 40), st.floats(1, 60))
@settings(max_examples=50)
def test_every_text_goes_once_in_a_run_that_its_variant_takes(
    layout: str, drawn: list[tuple[str, bool, list[int]]], budget: int, share_s: float
) -> None:
    def check() -> None:
        queue = Queue(layout)
        names = ("sentence_embedding", "pooled")
        jobs = [push(queue, *lengths, client=client, output=names[pooled]) for client, pooled, lengths in drawn]
        expected = {
            (job, index) for job, (_, _, lengths) in zip(jobs, drawn, strict=True) for index in range(len(lengths))
        }
        gone = []
        while queue:
            run = take(queue, budget, share_s)
            lengths = [len(text.ids) for text in run]
            assert len({text.job.output for text in run}) == 1
            assert len(run) == 1 or count_computed(run, layout)[0] <= budget
            assert layout != "equal-length" or len(set(lengths)) == 1
            gone += [(text.job, text.index) for text in run]
        assert len(gone) == len(set(gone))
        assert set(gone) == expected
        assert (queue.texts, queue.tokens, queue.squares, queue.jobs) == (0, 0, 0, 0)

    in_loop(check)


@given(jobs_drawn, st.data())
def test_counts_stay_true_when_jobs_are_discarded_anywhere(
    drawn: list[tuple[str, bool, list[int]]], data: st.DataObject
) -> None:
    def check() -> None:
        queue = Queue("ragged")
        jobs = {push(queue, *lengths, client=client): lengths for client, _, lengths in drawn}
        left = {job: set(range(len(lengths))) for job, lengths in jobs.items()}
        while queue:
            if data.draw(st.booleans()):
                job = data.draw(st.sampled_from(list(left)))
                queue.discard(job)
                left.pop(job)
            else:
                for text in take(queue, 5):
                    left[text.job].remove(text.index)
            left = {job: places for job, places in left.items() if places}
            waiting = [len_ for job, places in left.items() for place in places for len_ in [jobs[job][place]]]
            assert (queue.texts, queue.tokens) == (len(waiting), sum(waiting))
            assert queue.squares == sum(length * length for length in waiting)
            assert queue.jobs == len(left)

    in_loop(check)


def test_small_requests_overtake_a_large_one_and_the_large_one_goes_on() -> None:
    def check() -> None:
        queue = Queue("ragged")
        large = push(queue, *[64] * 100)
        led = [take(queue, 256)[0].job for _ in range(2)]
        small = [push(queue, 10) for _ in range(5)]
        run = take(queue, 256)
        assert led == [large, large]
        assert [text.job for text in run[:5]] == small
        assert len(run) == 5
        assert take(queue, 256)[0].job is large

    in_loop(check)


def test_clients_get_the_same_tokens_however_many_requests_each_sends() -> None:
    def check() -> None:
        queue = Queue("ragged")
        for _ in range(50):
            push(queue, *[16] * 16, client="many")
        push(queue, *[16] * 400, client="one")
        served = {"many": 0, "one": 0}
        for _ in range(20):
            for text in take(queue, 256):
                served[text.job.client] += len(text.ids)
        assert abs(served["many"] - served["one"]) <= CHUNK_TOKENS

    in_loop(check)


def test_requests_of_one_size_go_in_the_order_of_arrival() -> None:
    def check() -> None:
        queue = Queue("ragged")
        jobs = [push(queue, *[10] * 32) for _ in range(6)]
        order = []
        while queue:
            order += [text.job for text in take(queue, 160)]
        assert order == [job for job in jobs for _ in range(32)]

    in_loop(check)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nobody_is_passed_over_for_ever_by_those_who_keep_coming(layout: str) -> None:
    def check() -> None:
        queue = Queue(layout)
        old = push(queue, *[200] * 10)
        runs = taken = 0
        while taken < 10:
            for _ in range(3):
                push(queue, 5, client=str(runs))
            taken += sum(text.job is old for text in take(queue, 15, now_s=old.submitted_s + PASSED_OVER_S + runs))
            runs += 1
            assert runs <= 2 * 10 + 2

    in_loop(check)


def test_a_run_takes_its_share_of_the_work_and_one_text_at_least() -> None:
    def check() -> None:
        queue = Queue("ragged")
        push(queue, *[10] * 8)
        text_s = COST.of_text(10)
        assert len(take(queue, share_s=3 * text_s)) == 3
        assert len(take(queue, share_s=2.4 * text_s)) == 2
        assert len(take(queue, share_s=0)) == 1

    in_loop(check)


def test_a_leader_gets_the_company_of_the_cheapest_split() -> None:
    def check() -> None:
        padded, equal = Queue("padded"), Queue("equal-length")
        for queue in (padded, equal):
            for length in (10, 100, 11, 10, 100):
                push(queue, length)
        assert sorted(len(text.ids) for text in take(padded)) == [10, 10, 11]
        assert [len(text.ids) for text in take(equal)] == [10, 10]

    in_loop(check)


def test_the_split_looks_at_so_many_texts_and_no_more() -> None:
    def check() -> None:
        padded, equal = Queue("padded"), Queue("equal-length")
        for queue in (padded, equal):
            push(queue, *[10] * (WINDOW_TEXTS + 100))
        assert len(take(padded)) == WINDOW_TEXTS
        assert len(take(equal)) == WINDOW_TEXTS + 100

    in_loop(check)


def test_clearing_returns_the_jobs_and_leaves_nothing() -> None:
    def check() -> None:
        queue = Queue("ragged")
        jobs = {push(queue, 3, 4), push(queue, *[100] * 20)}
        assert queue.clear() == jobs
        assert not queue
        assert queue.tokens == 0
        later = push(queue, 5)
        assert [text.job for text in take(queue)] == [later]

    in_loop(check)


def test_a_long_text_does_not_make_short_ones_wait_for_it() -> None:
    def check() -> None:
        queue = Queue("ragged")
        short = [push(queue, 10) for _ in range(3)]
        long = push(queue, 200)
        assert [text.job for text in take(queue)] == short
        assert [text.job for text in take(queue)] == [long]

    in_loop(check)
