import pytest

from bench.figures.kernels import Shape, compare, fractions

SMALL, LARGE = Shape(1, 16, 1), Shape(8, 128, 1)


def test_a_pair_is_compared_at_every_shape() -> None:
    times = {
        "vecd-int8": {SMALL: [1.0, 1.0, 1.0], LARGE: [4.0, 4.0, 4.0]},
        "stock-int8": {SMALL: [2.0, 2.0, 2.0], LARGE: [6.0, 5.0, 4.0]},
    }
    ratios, noise = compare(times)
    assert ratios == {"vecd-int8/stock-int8": {"1x16": 2.0, "8x128": 1.25}}
    assert noise == {"vecd-int8/stock-int8": {"1x16": 0.0, "8x128": 0.25}}


def test_the_share_of_the_peak_is_that_of_the_best_round() -> None:
    shares = fractions({SMALL: [4.0, 2.0, 3.0], LARGE: [64.0]}, operations_per_token=10**12, peak_tops=16.0)
    assert shares == {"1x16": pytest.approx(0.5), "8x128": pytest.approx(1.0)}
