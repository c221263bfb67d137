"""The cost model finds the coefficients that made the times, and stays sane where they cannot be told apart."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.engine.scheduling.calibration import RUNS_A_FIT, CostModel, calibrate
from server.engine.scheduling.cost import Cost, Observation, fit_cost
from server.engine.sessions.session import Rows

SHAPES = [(1, 8), (1, 64), (1, 256), (4, 16), (16, 16), (2, 256)]


def observe(cost: Cost, texts: int, length: int, factor: float = 1.0) -> Observation:
    tokens, squares = texts * length, texts * length * length
    return Observation(tokens, squares, factor * (cost.run_s + cost.of_texts(tokens, squares)))


@given(st.floats(1e-6, 1e-3), st.floats(1e-6, 1e-3), st.floats(1e-10, 1e-6))
@settings(max_examples=50)
def test_the_coefficients_that_made_the_times_are_found(run_s: float, token_s: float, square_s: float) -> None:
    true = Cost(run_s, token_s, square_s)
    found = fit_cost([observe(true, *shape) for shape in SHAPES])
    for shape in SHAPES:
        one = observe(true, *shape)
        assert found.run_s + found.of_texts(one.tokens, one.squares) == pytest.approx(one.seconds, rel=1e-4)


@given(st.lists(st.tuples(st.integers(1, 64), st.integers(1, 512), st.floats(1e-5, 10)), min_size=1, max_size=30))
@settings(max_examples=100)
@example([(1, 156, 1.0), (1, 1, 1.0)])
def test_whatever_is_seen_no_coefficient_is_below_zero_and_tokens_cost_something(
    seen: list[tuple[int, int, float]],
) -> None:
    cost = fit_cost([Observation(n * length, n * length * length, seconds) for n, length, seconds in seen])
    assert min(cost.run_s, cost.token_s, cost.square_s) >= 0
    assert cost.of_text(10) > 0


def test_one_run_that_was_held_up_for_a_second_changes_little() -> None:
    true = Cost(1e-4, 5e-5, 1e-8)
    usual = [observe(true, *shape) for shape in SHAPES for _ in range(20)]
    disturbed = fit_cost([*usual, observe(true, 1, 64, factor=300)])
    assert disturbed.of_text(64) == pytest.approx(true.of_text(64), rel=0.1)


def test_the_model_follows_a_machine_that_becomes_slower() -> None:
    true = Cost(1e-4, 5e-5, 1e-8)
    model = CostModel([observe(true, *shape) for shape in SHAPES])
    for _ in range(4 * RUNS_A_FIT):
        model.observe(observe(true, 4, 16, factor=2))
    assert model.cost.run_s + model.cost.of_texts(64, 1024) == pytest.approx(
        2 * (true.run_s + true.of_texts(64, 1024)), rel=0.1
    )
    # What the traffic does not show is still known from the start.
    assert model.cost.of_text(256) >= true.of_text(256) * 0.8


def test_calibration_times_few_and_many_tokens_and_never_more_than_the_model_takes() -> None:
    class Session:
        def __init__(self) -> None:
            self.lengths: set[int] = set()

        def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> Rows:
            assert output == "sentence_embedding"
            assert not all_cores
            self.lengths |= {len(ids) for ids in encodings}
            return np.zeros((len(encodings), 1), np.float32)

    session = Session()
    seen = calibrate(session, [[1, 2, 3], [4, 5]], max_tokens=100)
    assert max(session.lengths) == 100
    assert {one.tokens for one in seen} == {8, 32, 64, 100, 256}
    assert all(one.seconds > 0 for one in seen)


def test_all_cores_are_taken_where_they_win_whatever_the_machine() -> None:
    """A slow machine takes long for every text; that alone is no reason to take all cores from the others."""
    one = [observe(Cost(0.001, 1e-4, 0.0), 1, length) for length in (8, 32, 128, 256)]
    both = [observe(Cost(0.003, 0.5e-4, 0.0), 1, length) for length in (8, 32, 128, 256)]
    costs = CostModel(one, both)
    assert [costs.all_cores_win(length) for length in (8, 16, 32, 128, 256)] == [False, False, False, True, True]
    assert not CostModel(one).all_cores_win(256)


def test_what_runs_on_all_cores_take_is_followed_and_does_not_change_the_cost_of_the_others() -> None:
    lengths = (8, 32, 128, 256)
    one = [observe(Cost(0.001, 1e-4, 0.0), 1, length) for length in lengths]
    costs = CostModel(one, [observe(Cost(0.001, 0.5e-4, 0.0), 1, length) for length in lengths])
    before = costs.cost
    for number in range(4 * RUNS_A_FIT):
        costs.observe(observe(Cost(0.001, 2e-4, 0.0), 1, lengths[number % 4]), all_cores=True)
    assert not costs.all_cores_win(256)
    assert costs.cost == before


def test_calibration_on_all_cores_times_single_texts() -> None:
    class Session:
        def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> Rows:
            assert all_cores
            assert len(encodings) == 1
            return np.zeros((1, 1), np.float32)

    seen = calibrate(Session(), [[1, 2, 3]], max_tokens=100, all_cores=True)
    assert {one.tokens for one in seen} == {8, 32, 100}
