"""The arithmetic of quantization, apart from any graph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.bert import LinearLayer
from export.quantization import quantize_columns, quantize_sites

RANDOM = np.random.default_rng(1)


def layer(site: str, channels: int = 8) -> LinearLayer:
    weight = RANDOM.standard_normal((channels, 4)).astype(np.float32)
    return LinearLayer(f"up.{site}", site, weight, np.zeros(4, np.float32))


@given(st.integers(0, 10_000), st.floats(1e-4, 1e4))
def test_rounded_columns_are_within_half_a_step(seed: int, size: float) -> None:
    weight = (np.random.default_rng(seed).standard_normal((16, 5)) * size).astype(np.float32)
    values, scales = quantize_columns(weight)
    assert values.dtype == np.int8
    assert np.abs(values).max() <= 127
    assert (np.abs(values * scales - weight) <= scales * 0.501).all()


def test_a_column_of_zeros_stays_zero() -> None:
    values, scales = quantize_columns(np.zeros((4, 2), np.float32))
    assert not values.any()
    assert np.isfinite(scales).all()


@pytest.mark.parametrize("outlier", [1.0, 30.0, 1000.0])
def test_every_calibrated_activation_is_within_one_step_of_the_range(outlier: float) -> None:
    peak = np.abs(RANDOM.standard_normal(8)).astype(np.float32)
    peak[3] = outlier
    site = quantize_sites({"ffn_in.0": peak}, [layer("ffn_in.0")])["ffn_in.0"]
    for sign in (1, -1):
        quantized = np.round(sign * peak / site.factors / site.scale) + site.zero_point
        assert quantized.min() >= -1
        assert quantized.max() <= 256


def test_smoothing_evens_out_an_outlier() -> None:
    peak = np.ones(8, np.float32)
    peak[3] = 100
    site = quantize_sites({"ffn_in.0": peak}, [layer("ffn_in.0")])["ffn_in.0"]
    smoothed = peak / site.factors
    assert smoothed.max() / np.median(smoothed) < 3


def test_after_gelu_no_range_is_spent_on_values_that_cannot_occur() -> None:
    peak = np.full(8, 5, np.float32)
    sites = quantize_sites({"ffn_out.0": peak, "qkv.0": peak}, [layer("ffn_out.0"), layer("qkv.0")])
    assert sites["ffn_out.0"].zero_point < 32
    assert sites["qkv.0"].zero_point in {127, 128}


def test_dead_channels_do_not_divide_by_zero() -> None:
    site = quantize_sites({"qkv.0": np.zeros(8, np.float32)}, [layer("qkv.0")])["qkv.0"]
    assert np.isfinite(site.factors).all()
    assert site.scale > 0
