"""The arithmetic of rounding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.gptq import round_columns, round_nearest

RANDOM = np.random.default_rng(2)


@given(st.integers(0, 10_000), st.floats(1e-4, 1e4))
def test_the_nearest_integers_are_within_half_a_step(seed: int, size: float) -> None:
    weight = (np.random.default_rng(seed).standard_normal((16, 5)) * size).astype(np.float32)
    values, scales = round_nearest(weight)
    assert values.dtype == np.int8
    assert np.abs(values).max() <= 127
    assert (np.abs(values * scales - weight) <= scales * 0.501).all()


def test_a_column_of_zeros_stays_zero() -> None:
    for values, scales in (
        round_nearest(np.zeros((4, 2), np.float32)),
        round_columns(np.zeros((4, 2), np.float32), np.eye(4, dtype=np.float32)),
    ):
        assert not values.any()
        assert np.isfinite(scales).all()


@pytest.mark.parametrize("levels", [127, 63])
@pytest.mark.parametrize("channels", [8, 128, 300])
def test_products_with_correlated_inputs_are_nearer_than_by_rounding_each_weight(levels: int, channels: int) -> None:
    mixing = RANDOM.standard_normal((channels, channels)) ** 3
    inputs = (RANDOM.standard_normal((1000, channels)) @ mixing).astype(np.float32)
    weight = RANDOM.standard_normal((channels, 6)).astype(np.float32)
    errors = []
    for values, scales in (
        round_columns(weight, inputs.T @ inputs, levels),
        round_nearest(weight, levels),
    ):
        assert np.abs(values).max() <= levels
        errors.append(np.square(inputs @ (values * scales) - inputs @ weight).mean())
    assert errors[0] < 0.8 * errors[1]


def test_independent_inputs_leave_the_nearest_integers() -> None:
    weight = RANDOM.standard_normal((32, 5)).astype(np.float32)
    values, scales = round_columns(weight, np.eye(32, dtype=np.float32))
    nearest, same = round_nearest(weight)
    assert (values == nearest).all()
    assert (scales == same).all()


def test_matrices_side_by_side_are_rounded_as_each_by_itself() -> None:
    inputs = RANDOM.standard_normal((200, 32)).astype(np.float32)
    one, other = (RANDOM.standard_normal((32, 4)).astype(np.float32) for _ in range(2))
    hessian = inputs.T @ inputs
    both, _ = round_columns(np.hstack([one, other]), hessian, np.repeat([127, 63], 4))
    assert (both[:, :4] == round_columns(one, hessian, 127)[0]).all()
    assert (both[:, 4:] == round_columns(other, hessian, 63)[0]).all()


@pytest.mark.parametrize("hessian", [np.zeros((4, 4)), np.diag([1.0, 0, 0, 1e12])])
def test_channels_that_were_never_seen_do_no_harm(hessian: np.ndarray) -> None:
    values, scales = round_columns(np.eye(4, dtype=np.float32), hessian.astype(np.float32))
    assert (np.diag(values) == 127).all()
    assert np.isfinite(scales).all()
