import pytest

from bench.figures.spread import Spread, relative, spread


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
