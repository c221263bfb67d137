import pytest

from bench.graphs.costs import LENGTHS, RunCosts, grid
from bench.workload.traces import MAX_TOKENS


def linear(batch: int, length: int) -> float:
    return 1 + batch * length


def test_the_grid_holds_lone_texts_and_the_fullest_runs_within_the_budget() -> None:
    shapes = grid()
    assert all(batch == 1 or batch * length <= MAX_TOKENS for batch, length in shapes)
    for length in LENGTHS:
        assert {(1, length), (max(1, MAX_TOKENS // length), length)} <= set(shapes)


@pytest.mark.parametrize("shape", [(1, 5), (51, 5), (3, 6), (36, 7), (5, 19), (2, 100), (1, 119), (1, 256)])
def test_a_cost_that_is_linear_in_between_is_found_again(shape: tuple[int, int]) -> None:
    costs = RunCosts([{one: linear(*one) for one in grid()}])
    batch, length = shape
    assert costs([length] * batch) == pytest.approx(linear(*shape), rel=0.01)


@pytest.mark.parametrize("lengths", [[5, 256], [20, 5, 20, 8, 60], [12, 16, 12, 96, 16]])
def test_texts_of_several_lengths_cost_a_constant_their_tokens_and_what_each_costs(lengths: list[int]) -> None:
    # Attention makes a text cost more than its tokens: here by their square.
    costs = RunCosts([{(batch, length): 1 + batch * (length + length**2) for batch, length in grid()}])
    assert costs(lengths) == pytest.approx(1 + sum(length + length**2 for length in lengths), rel=0.01)


def test_a_cost_is_the_median_of_the_rounds() -> None:
    costs = RunCosts([{(1, 5): seconds} for seconds in (3.0, 90.0, 2.0)])
    assert costs([5]) == 3.0


def test_beyond_the_largest_batch_a_text_costs_the_same_again() -> None:
    assert RunCosts([{(1, 5): 1.0, (2, 5): 1.5}])([5] * 4) == 3.0
