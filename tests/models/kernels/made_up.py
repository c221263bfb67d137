"""Random weights and inputs for the operators, and a small encoder made of all of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tests.models.kernels.nodes import Arrays, model_of

Random = np.random.Generator


def vector(random: Random, size: int, scale: float = 1.0, mean: float = 0.0) -> NDArray[np.float32]:
    return (mean + scale * random.standard_normal(size)).astype(np.float32)


def matrix(random: Random, rows: int, columns: int, scale: float = 1.0) -> NDArray[np.float32]:
    return (scale * random.standard_normal((rows, columns))).astype(np.float32)


def linear_weights(random: Random, inner: int, columns: int) -> dict[str, NDArray[Any]]:
    """Weights whose outputs are about 1."""
    return {
        "weight": random.integers(-127, 128, (inner, columns)).astype(np.int8),
        "scales": (random.uniform(0.5, 1.5, columns) / (73 * 74 * inner**0.5)).astype(np.float32),
        "bias": vector(random, columns, 0.5),
    }


def norm_weights(random: Random, width: int) -> dict[str, NDArray[Any]]:
    return {
        "gamma": vector(random, width, 0.2, 1.0),
        "beta": vector(random, width, 0.2),
        "multiplier": random.uniform(10, 60, width).astype(np.float32),
    }


def embedding_weights(random: Random, vocabulary: int, positions: int, width: int) -> dict[str, NDArray[Any]]:
    return {
        "words": random.integers(-127, 128, (vocabulary, width)).astype(np.int8),
        "word_scales": random.uniform(0.002, 0.02, vocabulary).astype(np.float32),
        "positions": matrix(random, positions, width, 0.3),
        **norm_weights(random, width),
    }


def activations(random: Random, tokens: int, inner: int) -> NDArray[np.uint8]:
    return random.integers(0, 256, (tokens, inner)).astype(np.uint8)


class Encoder:
    """Builds a BERT of two layers out of every operator; its input is ragged, as a server's run is."""

    def __init__(self, width: int, heads: int, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._width, self._heads = width, heads
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def model(self, vocabulary: int, positions: int, bf16_from_tokens: int) -> onnx.ModelProto:
        width = self._width
        table = embedding_weights(self._random, vocabulary, positions, width)
        self._node("Embedding", ["input_ids", "lengths"], table, ["x0", "q0"], zero_point=128, epsilon=1e-12)
        for i in range(2):
            self._layer(i, bf16_from_tokens)
        self._node("Pool", ["x2", "lengths"], {}, ["sentence_embedding", "pooled"], mode=0)
        integers = [
            helper.make_tensor_value_info(n, TensorProto.INT64, [a]) for n, a in (("input_ids", "T"), ("lengths", "B"))
        ]
        names = ("sentence_embedding", "pooled", "x2")
        floats = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, width]) for name in names]
        return model_of(self._nodes, integers, floats, self._constants)

    def _layer(self, i: int, bf16_from_tokens: int) -> None:
        width, wide, random = self._width, 4 * self._width, self._random
        scale = {"multiplier": vector(random, width, 0.0, 60.0)}
        widened = {**linear_weights(random, width, wide), "multiplier": vector(random, wide, 0.0, 70.0)}
        attention = {"num_heads": self._heads, "zero_point": 128, "bf16_from_tokens": bf16_from_tokens}
        self._node("LinearFloat", [f"q{i}"], linear_weights(random, width, 3 * width), [f"qkv{i}"], zero_point=128)
        self._node("AttentionQuantize", [f"qkv{i}", "lengths"], scale, [f"a{i}"], **attention)
        self._residual(f"a{i}", f"x{i}", width, [f"m{i}", f"mq{i}"], zero_point=128)
        self._node("LinearGeluQuantize", [f"mq{i}"], widened, [f"u{i}"], zero_point=128, output_zero_point=12)
        self._residual(f"u{i}", f"m{i}", wide, [f"x{i + 1}", f"q{i + 1}" if i == 0 else ""], zero_point=12)

    def _residual(self, quantized: str, residual: str, inner: int, outputs: Sequence[str], zero_point: int) -> None:
        weights, norm = linear_weights(self._random, inner, self._width), norm_weights(self._random, self._width)
        names = [*self._add(weights, outputs[0]), residual, *self._add(norm, outputs[0])]
        attributes = {"zero_point": zero_point, "output_zero_point": 128, "epsilon": 1e-12}
        self._nodes.append(
            helper.make_node("LinearNormQuantize", [quantized, *names], outputs, domain="vecd", **attributes)
        )

    def _node(
        self, kind: str, inputs: Sequence[str], constants: Arrays, outputs: Sequence[str], **attributes: float
    ) -> None:
        names = [*inputs, *self._add(constants, outputs[0])]
        self._nodes.append(helper.make_node(kind, names, outputs, domain="vecd", **attributes))

    def _add(self, constants: Arrays, prefix: str) -> list[str]:
        self._constants += [numpy_helper.from_array(value, f"{prefix}.{name}") for name, value in constants.items()]
        return [f"{prefix}.{name}" for name in constants]
