"""The cheapest split, held against every possible one; and shares that let all workers finish together."""

import itertools
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.engine.scheduling.cost import Cost
from server.engine.scheduling.splitting import cheapest_split, share_of_work

lengths = st.lists(st.integers(1, 20), min_size=1, max_size=9)
costs = st.builds(Cost, st.floats(0, 50), st.floats(0.01, 5), st.floats(0, 1))


def price(runs: Sequence[Sequence[int]], cost: Cost) -> float:
    return sum(cost.run_s + len(run) * cost.of_text(max(run)) for run in runs)


def partitions(texts: list[int]) -> Iterator[list[list[int]]]:
    """Every way of putting texts into runs, neighbours or not."""
    if not texts:
        yield []
        return
    first, rest = texts[0], texts[1:]
    for size in range(len(rest) + 1):
        for company in itertools.combinations(range(len(rest)), size):
            run = [first, *(rest[place] for place in company)]
            for others in partitions([text for place, text in enumerate(rest) if place not in company]):
                yield [run, *others]


def admissible(run: Sequence[int], budget: int) -> bool:
    return len(run) == 1 or len(run) * max(run) <= budget


def cut(texts: list[int], sizes: list[int]) -> list[list[int]]:
    ends = list(itertools.accumulate(sizes))
    return [texts[end - size : end] for end, size in zip(ends, sizes, strict=True)]


@given(st.lists(st.integers(1, 20), min_size=1, max_size=7), costs, st.integers(1, 80))
@settings(max_examples=60, deadline=None)
def test_no_split_of_any_kind_is_cheaper(texts: list[int], cost: Cost, budget: int) -> None:
    texts = sorted(texts)
    runs = cut(texts, cheapest_split(texts, cost, budget))
    least = min(price(way, cost) for way in partitions(texts) if all(admissible(run, budget) for run in way))
    assert price(runs, cost) == pytest.approx(least)


@given(lengths, costs, st.integers(1, 80))
def test_every_text_is_in_one_run_within_the_budget(texts: list[int], cost: Cost, budget: int) -> None:
    texts = sorted(texts)
    runs = cut(texts, cheapest_split(texts, cost, budget))
    assert [text for run in runs for text in run] == texts
    assert all(admissible(run, budget) for run in runs)


def test_a_dear_start_makes_one_padded_run_and_a_cheap_one_makes_many() -> None:
    texts = [2, 2, 10, 10]
    assert cheapest_split(texts, Cost(1000, 1, 0), 100) == [4]
    assert cheapest_split(texts, Cost(1, 1, 0), 100) == [2, 2]


@given(st.floats(0.001, 100), st.lists(st.floats(0, 100), max_size=6))
def test_all_finish_together_when_each_takes_its_share(work_s: float, busy_s: list[float]) -> None:
    level = share_of_work(work_s, busy_s)
    poured = level + sum(max(0.0, level - busy) for busy in busy_s)
    assert poured == pytest.approx(work_s)


def test_a_worker_alone_takes_all_and_one_beside_an_idle_one_takes_half() -> None:
    assert share_of_work(8, []) == 8
    assert share_of_work(8, [0]) == 4
    assert share_of_work(8, [100]) == 8
    assert share_of_work(8, [4]) == 6
