import numpy as np
import pytest

from bench.figures.kernels import compare, fractions
from bench.graphs.rounds import Shape, draw_ids

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


def test_token_ids_are_of_the_shape_and_the_vocabulary() -> None:
    ids = draw_ids(LARGE, 100, np.random.default_rng(0))
    assert ids.shape == (8, 128)
    assert ids.dtype == np.int64
    assert 0 <= ids.min() < ids.max() < 100
