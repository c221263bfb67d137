"""The three linear operators against numpy in float64."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.kernels import reference
from tests.models.kernels.made_up import activations, linear_weights, matrix, norm_weights
from tests.models.kernels.nodes import Arrays, open_node, same_bits

SHAPES = st.tuples(st.integers(1, 70), st.sampled_from([64, 128, 384, 1536]), st.sampled_from([64, 192, 384, 1024]))
MANY = settings(max_examples=25, deadline=None, derandomize=True)
HALF = 0.5 + 1e-4  # a rounded value lies half a step from the exact one; the float behind it, a little more


@MANY
@given(shape=SHAPES, zero_point=st.integers(0, 255), seed=st.integers(0, 1000))
def test_a_linear_layer_is_exact_but_for_the_last_rounding(
    kernels: Path, shape: tuple[int, int, int], zero_point: int, seed: int
) -> None:
    tokens, inner, columns = shape
    random = np.random.default_rng(seed)
    weights, x = linear_weights(random, inner, columns), activations(random, tokens, inner)
    session = open_node(kernels, "LinearFloat", weights, {"zero_point": zero_point})
    (output,) = session.run(None, {"quantized": x})
    expected = reference.linear(x, weights, zero_point)
    size = np.abs(expected - weights["bias"]) + np.abs(weights["bias"])
    assert output.dtype == np.float32
    assert (np.abs(output - expected) <= 1.3e-7 * size).all()


@MANY
@given(shape=SHAPES, zero_points=st.tuples(st.integers(0, 255), st.integers(0, 255)), seed=st.integers(0, 1000))
def test_gelu_and_quantization_follow_the_product(
    kernels: Path, shape: tuple[int, int, int], zero_points: tuple[int, int], seed: int
) -> None:
    tokens, inner, columns = shape
    random = np.random.default_rng(seed)
    weights, x = linear_weights(random, inner, columns), activations(random, tokens, inner)
    weights["multiplier"] = random.uniform(5, 90, columns).astype(np.float32)
    attributes = {"zero_point": zero_points[0], "output_zero_point": zero_points[1]}
    (output,) = open_node(kernels, "LinearGeluQuantize", weights, attributes).run(None, {"quantized": x})
    values = reference.gelu(reference.linear(x, weights, zero_points[0]))
    assert output.dtype == np.uint8
    assert (np.abs(output - reference.steps(values, weights["multiplier"], zero_points[1])) <= HALF).all()


@MANY
@given(shape=SHAPES, zero_points=st.tuples(st.integers(0, 255), st.integers(0, 255)), seed=st.integers(0, 1000))
def test_residual_norm_and_quantization_follow_the_product(
    kernels: Path, shape: tuple[int, int, int], zero_points: tuple[int, int], seed: int
) -> None:
    tokens, inner, columns = shape
    random = np.random.default_rng(seed)
    weights = {**linear_weights(random, inner, columns), **norm_weights(random, columns)}
    feeds: Arrays = {"quantized": activations(random, tokens, inner), "residual": matrix(random, tokens, columns)}
    attributes = {"zero_point": zero_points[0], "output_zero_point": zero_points[1], "epsilon": 1e-5}
    hidden, quantized = open_node(kernels, "LinearNormQuantize", weights, attributes).run(None, feeds)
    values = reference.linear(feeds["quantized"], weights, zero_points[0]) + feeds["residual"]
    expected = reference.layer_norm(values, weights, 1e-5)
    assert np.allclose(hidden, expected, rtol=1e-5, atol=5e-6)
    steps = reference.steps(hidden.astype(np.float64), weights["multiplier"], zero_points[1])
    assert (np.abs(quantized - steps) <= HALF).all()
    (alone,) = open_node(kernels, "LinearNormQuantize", weights, attributes, outputs=(True, False)).run(None, feeds)
    assert same_bits(alone, hidden)


@pytest.mark.parametrize(("sign", "output_zero_point"), [(-1, 228), (1, 28)])
def test_gelu_is_within_its_promise_on_both_sides(kernels: Path, sign: int, output_zero_point: int) -> None:
    """Only a bias, magnified so that every value, a falling tail's too, fills the range of a byte."""
    x = sign * np.concatenate([np.linspace(1e-4, 12, 4096 - 64), np.full(64, 0.7518)]).astype(np.float32)
    exact = reference.gelu(x.astype(np.float64))
    multiplier = (200 / np.maximum(np.abs(exact), 1e-6)).astype(np.float32)
    weights: Arrays = {
        "weight": np.zeros((64, x.size), np.int8),
        "scales": np.ones(x.size, np.float32),
        "bias": x,
        "multiplier": multiplier,
    }
    session = open_node(
        kernels, "LinearGeluQuantize", weights, {"zero_point": 0, "output_zero_point": output_zero_point}
    )
    (output,) = session.run(None, {"quantized": np.zeros((1, 64), np.uint8)})
    steps = reference.steps(exact, multiplier, output_zero_point)
    assert (np.abs(output[0] - steps) <= HALF + 3e-7 * multiplier.astype(np.float64) + 1e-3).all()


def test_sums_of_the_widest_layer_do_not_overflow(kernels: Path) -> None:
    weight = np.full((65536, 64), -128, np.int8)
    weight[:, 1] = 127
    weights: Arrays = {"weight": weight, "scales": np.ones(64, np.float32), "bias": np.zeros(64, np.float32)}
    for zero_point, value in ((0, 255), (255, 0)):
        session = open_node(kernels, "LinearFloat", weights, {"zero_point": zero_point})
        (output,) = session.run(None, {"quantized": np.full((7, 65536), value, np.uint8)})
        expected = (value - zero_point) * 65536 * np.array([-128.0, 127.0])
        assert np.allclose(output[:, :2], expected, rtol=1e-7)


@pytest.mark.parametrize(
    ("bias", "expected"),
    [
        (np.nan, 0),
        (np.inf, 255),
        (3e38, 255),
        (-np.inf, 10),
        (-3e38, 10),
        (1e-45, 10),
        (0.5, 10),
        (1.4, 11),
        (2.6, 13),
        (1e9, 255),
        (3e9, 255),
        (1e10, 255),
    ],
)
def test_every_float_becomes_a_byte(kernels: Path, bias: float, expected: int) -> None:
    weights: Arrays = {
        "weight": np.zeros((64, 64), np.int8),
        "scales": np.ones(64, np.float32),
        "bias": np.full(64, bias, np.float32),
        "multiplier": np.ones(64, np.float32),
    }
    session = open_node(kernels, "LinearGeluQuantize", weights, {"zero_point": 0, "output_zero_point": 10})
    (output,) = session.run(None, {"quantized": np.zeros((1, 64), np.uint8)})
    assert set(output[0].tolist()) == {expected}


def test_a_row_that_is_not_finite_leaves_the_others_alone(kernels: Path) -> None:
    random = np.random.default_rng(0)
    weights = {**linear_weights(random, 128, 128), **norm_weights(random, 128)}
    x, residual = activations(random, 13, 128), matrix(random, 13, 128)
    session = open_node(
        kernels, "LinearNormQuantize", weights, {"zero_point": 9, "output_zero_point": 9, "epsilon": 1e-12}
    )
    hidden, quantized = session.run(None, {"quantized": x, "residual": residual})
    for value in (np.nan, np.inf, -np.inf, np.float32(3e38)):
        spoiled = residual.copy()
        spoiled[5, 7] = value
        again, bytes_again = session.run(None, {"quantized": x, "residual": spoiled})
        others = [i for i in range(13) if i != 5]
        assert same_bits(again[others], hidden[others])
        assert same_bits(bytes_again[others], quantized[others])
        assert value == np.float32(3e38) or np.isnan(again[5]).any()
