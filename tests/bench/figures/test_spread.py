import pytest

from bench.figures.spread import Spread, relative, speed_ratio, spread


def test_noise_is_half_the_interquartile_range() -> None:
    assert spread([1, 2, 3, 4, 5]) == Spread(3.0, 1.0)


def test_noise_is_half_the_range_of_fewer_than_four_rounds() -> None:
    assert spread([1, None, 5, 2]) == Spread(2.0, 2.0)


@pytest.mark.parametrize("values", [[], [None]])
def test_without_a_value_there_is_no_spread(values: list[float | None]) -> None:
    assert spread(values) is None


def test_a_slow_spell_that_meets_both_makes_no_noise_in_their_ratio() -> None:
    assert relative([10, 20, 30], [5, 10, 15]) == Spread(2.0, 0.0)
    assert relative([1], [0]) is None


def test_a_speed_ratio_above_one_means_that_the_first_is_faster() -> None:
    assert speed_ratio([1.0, 1.0, 1.0], [2.0, 2.0, 2.0]).median == 2.0


def test_a_slow_spell_that_meets_both_calls_does_not_change_their_ratio() -> None:
    ratio = speed_ratio([1.0, 5.0, 1.0], [1.5, 7.5, 1.5])
    assert ratio.median == 1.5
    assert ratio.interquartile_range == 0.0


def test_the_noise_of_a_ratio_is_the_distance_of_its_quartiles() -> None:
    ratio = speed_ratio([1.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])
    assert (ratio.median, ratio.interquartile_range) == (3.0, 2.0)


@pytest.mark.parametrize("rounds", [1, 2])
def test_few_rounds_still_give_a_ratio(rounds: int) -> None:
    assert speed_ratio([1.0] * rounds, [3.0] * rounds).median == 3.0
