"""Whatever is wrong is an error that names the operator, the input and what is wrong with it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.runtime import ONNXRUNTIME_ERRORS
from tests.models.kernels.made_up import activations, embedding_weights, linear_weights, matrix, norm_weights
from tests.models.kernels.nodes import Arrays, open_node

RANDOM = np.random.default_rng(0)
LENGTHS = np.array([3, 5], np.int64)
LINEAR = linear_weights(RANDOM, 128, 64)
ATTRIBUTES: dict[str, dict[str, float]] = {
    "Embedding": {"zero_point": 128, "epsilon": 1e-12},
    "LinearFloat": {"zero_point": 128},
    "LinearGeluQuantize": {"zero_point": 128, "output_zero_point": 3},
    "LinearNormQuantize": {"zero_point": 128, "output_zero_point": 3, "epsilon": 1e-12},
    "AttentionQuantize": {"num_heads": 4, "zero_point": 128, "bf16_from_tokens": 0},
    "Pool": {"mode": 0},
}
CONSTANTS: dict[str, Arrays] = {
    "Embedding": embedding_weights(RANDOM, 10, 6, 64),
    "LinearFloat": LINEAR,
    "LinearGeluQuantize": {**LINEAR, "multiplier": np.ones(64, np.float32)},
    "LinearNormQuantize": {**LINEAR, **norm_weights(RANDOM, 64)},
    "AttentionQuantize": {"multiplier": np.ones(128, np.float32)},
    "Pool": {},
}
FEEDS: dict[str, Arrays] = {
    "Embedding": {"input_ids": np.arange(8), "lengths": LENGTHS},
    "LinearFloat": {"quantized": activations(RANDOM, 8, 128)},
    "LinearGeluQuantize": {"quantized": activations(RANDOM, 8, 128)},
    "LinearNormQuantize": {"quantized": activations(RANDOM, 8, 128), "residual": matrix(RANDOM, 8, 64)},
    "AttentionQuantize": {"qkv": matrix(RANDOM, 8, 384), "lengths": LENGTHS},
    "Pool": {"hidden": matrix(RANDOM, 8, 64), "lengths": LENGTHS},
}


@pytest.mark.parametrize("kind", ATTRIBUTES)
def test_what_the_other_tests_spoil_is_good(kernels: Path, kind: str) -> None:
    outputs = open_node(kernels, kind, CONSTANTS[kind], ATTRIBUTES[kind]).run(None, dict(FEEDS[kind]))
    assert all(len(output) in {8, 2} for output in outputs)


BAD_RUNS: list[tuple[str, Mapping[str, Any], str]] = [
    ("Embedding", {"input_ids": np.array([0, 1, 2, 10, 4, 5, 6, 7])}, "input_ids holds 10 at 3, allowed is 0 to 9"),
    ("Embedding", {"input_ids": np.array([0, 1, 2, 3, 4, 5, 6, -1])}, "input_ids holds -1 at 7"),
    ("Embedding", {"input_ids": np.full(8, 2**62)}, "input_ids holds 4611686018427387904"),
    ("Embedding", {"input_ids": np.zeros((8, 1), np.int64)}, "input_ids has 2 dimensions, expected 1"),
    ("Embedding", {"lengths": np.array([1, 7])}, "lengths holds 7 for text 1, there are 6 positions"),
    ("Embedding", {"lengths": np.array([3, 4])}, "lengths adds up to 7, there are 8 tokens"),
    ("Embedding", {"lengths": np.array([3, 6])}, "lengths adds up to more than the 8 tokens given, from text 1 on"),
    ("Embedding", {"lengths": np.array([3, 2**63 - 1])}, "lengths adds up to more than the 8 tokens"),
    ("Embedding", {"lengths": np.array([3, 0, 5])}, "lengths holds 0 for text 1"),
    ("Embedding", {"lengths": np.array([9, -1])}, "lengths adds up to more"),
    ("Embedding", {"lengths": np.array([4, -(2**63)])}, "lengths holds -9223372036854775808 for text 1"),
    ("Embedding", {"lengths": np.array([], np.int64)}, "lengths adds up to 0, there are 8 tokens"),
    ("Embedding", {"lengths": np.array([[3, 5]])}, "lengths has 2 dimensions"),
    ("Embedding", {"lengths": np.array(8)}, "lengths has 0 dimensions"),
    ("LinearFloat", {"quantized": activations(RANDOM, 8, 64)}, r"quantized has shape \(8, 64\), expected \(any, 128\)"),
    ("LinearFloat", {"quantized": activations(RANDOM, 8, 0)}, r"quantized has shape \(8, 0\)"),
    ("LinearFloat", {"quantized": activations(RANDOM, 1, 128)[0]}, "quantized has 1 dimensions, expected 2"),
    ("LinearGeluQuantize", {"quantized": activations(RANDOM, 8, 132)}, r"quantized has shape \(8, 132\)"),
    ("LinearGeluQuantize", {"quantized": np.zeros((2, 4, 128), np.uint8)}, "quantized has 3 dimensions"),
    ("LinearNormQuantize", {"residual": matrix(RANDOM, 7, 64)}, r"residual has shape \(7, 64\), expected \(8, 64\)"),
    ("LinearNormQuantize", {"residual": matrix(RANDOM, 8, 128)}, r"residual has shape \(8, 128\)"),
    ("LinearNormQuantize", {"quantized": activations(RANDOM, 9, 128)}, r"residual has shape \(8, 64\)"),
    ("AttentionQuantize", {"qkv": matrix(RANDOM, 8, 128)}, r"qkv has shape \(8, 128\), expected \(any, 384\)"),
    ("AttentionQuantize", {"lengths": np.array([8, 1])}, "lengths adds up to more"),
    ("AttentionQuantize", {"lengths": np.array([-8])}, "lengths holds -8 for text 0"),
    ("Pool", {"hidden": matrix(RANDOM, 8, 63)}, "hidden has 63 columns, expected a multiple of 64"),
    ("Pool", {"hidden": matrix(RANDOM, 8, 0)}, "hidden has 0 columns"),
    ("Pool", {"hidden": matrix(RANDOM, 1, 8192)}, "hidden has 8192 columns"),
    ("Pool", {"lengths": np.array([8, 0])}, "lengths holds 0 for text 1"),
    ("Pool", {"lengths": np.array([7])}, "lengths adds up to 7"),
]


@pytest.mark.parametrize(("kind", "spoiled", "message"), BAD_RUNS, ids=[f"{k}: {m}" for k, _, m in BAD_RUNS])
def test_a_bad_input_is_an_error_and_the_session_goes_on(
    kernels: Path, kind: str, spoiled: Arrays, message: str
) -> None:
    session = open_node(kernels, kind, CONSTANTS[kind], ATTRIBUTES[kind], threads=2)
    with pytest.raises(ONNXRUNTIME_ERRORS, match=rf"vecd\.{kind}: input {message}"):
        session.run(None, {**FEEDS[kind], **spoiled})
    session.run(None, dict(FEEDS[kind]))


BAD_GRAPHS: list[tuple[str, Mapping[str, Any], Mapping[str, float | None], str]] = [
    *(
        (kind, {}, {name: None}, f"attribute {name} is missing")
        for kind, attributes in ATTRIBUTES.items()
        for name in attributes
    ),
    *(
        (kind, {}, {name: value}, f"attribute {name} is {value}, allowed is 0 to 255")
        for kind, attributes in ATTRIBUTES.items()
        for name in attributes
        if name.endswith("zero_point")
        for value in (-1, 256)
    ),
    ("LinearFloat", {}, {"zero_point": 1.5}, "attribute zero_point is missing, or no integer"),
    ("LinearNormQuantize", {}, {"epsilon": -1e-3}, "attribute epsilon is -0.001"),
    ("LinearNormQuantize", {}, {"epsilon": float("nan")}, "attribute epsilon is nan"),
    ("Embedding", {}, {"epsilon": float("inf")}, "attribute epsilon is inf"),
    ("Pool", {}, {"mode": 2}, "attribute mode is 2, allowed is 0 to 1"),
    ("AttentionQuantize", {}, {"num_heads": 0}, "attribute num_heads is 0"),
    ("AttentionQuantize", {}, {"num_heads": 3}, "input multiplier has 128 values for 3 heads, expected 32 or 64"),
    ("AttentionQuantize", {}, {"num_heads": 8}, "input multiplier has 128 values for 8 heads"),
    (
        "AttentionQuantize",
        {"multiplier": np.ones(96, np.float32)},
        {"num_heads": 3},
        "input multiplier has 96 values, ex",
    ),
    (
        "AttentionQuantize",
        {"multiplier": np.ones(4160, np.float32)},
        {},
        "input multiplier has 4160 values, expected a",
    ),
    ("LinearNormQuantize", {"weight": np.zeros((64, 4160), np.int8)}, {}, "input weight has 4160 columns, expected a"),
    ("AttentionQuantize", {}, {"bf16_from_tokens": -1}, "attribute bf16_from_tokens is -1"),
    ("LinearFloat", {"weight": np.zeros((100, 64), np.int8)}, {}, "input weight has 100 rows, expected a multiple"),
    ("LinearFloat", {"weight": np.zeros((64, 100), np.int8)}, {}, "input weight has 100 columns"),
    ("LinearFloat", {"weight": np.zeros((0, 64), np.int8)}, {}, "input weight has 0 rows"),
    ("LinearFloat", {"weight": np.zeros((65600, 64), np.int8)}, {}, "input weight has 65600 rows"),
    ("LinearFloat", {"weight": np.zeros(64, np.int8)}, {}, "input weight has 1 dimensions"),
    ("LinearFloat", {"scales": np.ones(63, np.float32)}, {}, r"input scales has shape \(63\), expected \(64\)"),
    ("LinearFloat", {"scales": np.array(1, np.float32)}, {}, "input scales has 0 dimensions"),
    ("LinearFloat", {"bias": np.ones((64, 1), np.float32)}, {}, "input bias has 2 dimensions"),
    ("LinearGeluQuantize", {"multiplier": np.ones(128, np.float32)}, {}, r"input multiplier has shape \(128\)"),
    ("LinearNormQuantize", {"gamma": np.ones(1, np.float32)}, {}, r"input gamma has shape \(1\)"),
    ("Embedding", {"words": np.zeros((10, 96), np.int8)}, {}, "input words has 96 columns"),
    ("Embedding", {"word_scales": np.ones(9, np.float32)}, {}, r"input word_scales has shape \(9\)"),
    ("Embedding", {"positions": np.ones((6, 128), np.float32)}, {}, r"input positions has shape \(6, 128\)"),
    ("Embedding", {"beta": np.ones(0, np.float32)}, {}, r"input beta has shape \(0\), expected \(64\)"),
    *(
        (kind, {name: None}, {}, f"input {name} is no constant of the graph")
        for kind, constants in CONSTANTS.items()
        for name in constants
    ),
]


@pytest.mark.parametrize(
    ("kind", "constants", "attributes", "message"), BAD_GRAPHS, ids=[f"{k}: {m}" for k, _, _, m in BAD_GRAPHS]
)
def test_a_bad_graph_does_not_load(
    kernels: Path, kind: str, constants: Arrays, attributes: Mapping[str, float], message: str
) -> None:
    given = {name: value for name, value in {**CONSTANTS[kind], **constants}.items() if value is not None}
    chosen = {name: value for name, value in {**ATTRIBUTES[kind], **attributes}.items() if value is not None}
    with pytest.raises(ONNXRUNTIME_ERRORS, match=rf"vecd\.{kind}: {message}"):
        open_node(kernels, kind, given, chosen)


@pytest.mark.parametrize("kind", ["Embedding", "LinearNormQuantize", "Pool"])
def test_an_output_that_is_needed_cannot_be_left_out(kernels: Path, kind: str) -> None:
    with pytest.raises(ONNXRUNTIME_ERRORS):  # when it is loaded or when it runs, as ONNX Runtime's version has it
        open_node(kernels, kind, CONSTANTS[kind], ATTRIBUTES[kind], outputs=(False, True)).run(None, dict(FEEDS[kind]))


@pytest.mark.parametrize("kind", ATTRIBUTES)
def test_a_tensor_of_another_type_is_refused(kernels: Path, kind: str) -> None:
    session = open_node(kernels, kind, CONSTANTS[kind], ATTRIBUTES[kind])
    for name, value in FEEDS[kind].items():
        with pytest.raises(ONNXRUNTIME_ERRORS):
            session.run(None, {**FEEDS[kind], name: value.astype(np.float64)})
