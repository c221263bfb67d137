"""How an activation's range and factors are chosen, apart from any graph."""

import numpy as np
import pytest

from export.bert import LinearLayer
from export.smoothing import QuantizedSite, Reach, choose_site, measure_reach

RANDOM = np.random.default_rng(1)


def choose(site: str, high: np.ndarray, low: np.ndarray | None = None) -> QuantizedSite:
    weight = RANDOM.standard_normal((len(high), 4)).astype(np.float32)
    reach = Reach(high.astype(np.float32), (high if low is None else low).astype(np.float32))
    return choose_site(site, reach, [LinearLayer("up.0", site, weight, np.zeros(4, np.float32))])


def test_the_reach_of_a_channel_is_how_far_it_goes_on_either_side() -> None:
    reach = measure_reach(np.array([[1, -2, 3], [0.5, 4, 3]], np.float32))
    assert reach.high.tolist() == [1, 4, 3]
    assert reach.low.tolist() == [0, 2, 0]


@pytest.mark.parametrize("site", ["ffn_in.0", "ffn_out.0"])
@pytest.mark.parametrize("outlier", [1.0, 30.0, 1000.0])
def test_what_calibration_saw_is_quantized_to_within_a_step(site: str, outlier: float) -> None:
    high = np.abs(RANDOM.standard_normal(8))
    high[3] = outlier
    low = np.full(8, 0.17) if site.startswith("ffn_out") else high
    chosen = choose(site, high, low)
    for x in (high, -low):
        step = chosen.factors * chosen.scale
        near = chosen.quantize(x[None].astype(np.float32))[0] * chosen.factors
        assert (np.abs(near - x) <= step * 1.01).all()


def test_quantized_values_are_whole_steps_and_clipped_to_eight_bits() -> None:
    chosen = QuantizedSite(np.array([1, 2], np.float32), 0.5, 128)
    found = chosen.quantize(np.array([[0.26, 0.4], [1000, -1000]], np.float32))
    assert found.tolist() == [[0.5, 0], [127 * 0.5, -128 * 0.5]]


def test_smoothing_evens_out_an_outlier() -> None:
    high = np.ones(8)
    high[3] = 100
    smoothed = high / choose("ffn_in.0", high).factors
    assert smoothed.max() / np.median(smoothed) < 5


def test_after_gelu_the_range_is_one_sided() -> None:
    high = np.full(8, 5.0)
    assert choose("ffn_out.0", high, np.full(8, 0.17)).zero_point < 32
    assert choose("qkv.0", high, np.full(8, 0.17)).zero_point in {127, 128}


def test_a_small_channel_after_gelu_does_not_take_the_range_for_its_negative_side() -> None:
    high = np.full(8, 5.0)
    high[0] = 0.01
    assert choose("ffn_out.0", high, np.full(8, 0.17)).zero_point < 100


def test_dead_channels_do_not_divide_by_zero() -> None:
    chosen = choose("qkv.0", np.zeros(8))
    assert np.isfinite(chosen.factors).all()
    assert chosen.scale > 0
