"""The encoder in float32, one operation at a time over many texts at once, for calibration.

In: token ids of any lengths, laid end to end without padding. Activations are (tokens, channels).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from export.bert import BertConfig, Weights
from export.onnx_graph import make_model
from export.runner import GraphRunner

Activations = NDArray[np.float32]


class TextBatch:
    """Texts laid end to end."""

    def __init__(self, encodings: Sequence[list[int]]) -> None:
        self.ids = np.concatenate([np.array(ids, np.int64) for ids in encodings])
        self.positions = np.concatenate([np.arange(len(ids)) for ids in encodings])
        ends = np.cumsum([len(ids) for ids in encodings])
        self._borders = np.concatenate([[0], ends])

    def embed(self, config: BertConfig, weights: Weights, words: Activations) -> Activations:
        """Return the first layer's input; `words` (vocabulary, hidden) is the table of words."""
        types = weights["embeddings.token_type_embeddings.weight"][0]
        total = words[self.ids] + weights["embeddings.position_embeddings.weight"][self.positions] + types
        return normalize_layer(config, weights, total, "embeddings.LayerNorm")

    def attend(self, attention: "Operator", query: Activations, key: Activations, value: Activations) -> Activations:
        """Return the heads' outputs side by side; each text attends to itself only."""
        context = np.empty_like(query)
        for start, end in zip(self._borders, self._borders[1:], strict=False):
            context[start:end] = attention(*(x[None, start:end] for x in (query, key, value)))[0]
        return context


class Operator:
    """A single operator in ONNX Runtime: numpy has no error function, and its attention is far slower."""

    def __init__(self, kind: str, inputs: int, **attributes: int) -> None:
        self._names = [f"x{i}" for i in range(inputs)]
        graph = helper.make_graph(
            [helper.make_node(kind, self._names, ["y"], **attributes)],
            kind,
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in self._names],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        )
        self._runner = GraphRunner(make_model(graph))

    def __call__(self, *inputs: Activations) -> Activations:
        return self._runner.feed(dict(zip(self._names, inputs, strict=True)), ["y"])[0]


def open_attention(config: BertConfig) -> Operator:
    """Return attention over (texts, tokens, hidden) of query, key and value."""
    heads = config.num_attention_heads
    return Operator("Attention", 3, q_num_heads=heads, kv_num_heads=heads)


def open_gelu() -> Operator:
    """Return Gelu with the error function."""
    return Operator("Gelu", 1)


def normalize_layer(config: BertConfig, weights: Weights, x: Activations, prefix: str) -> Activations:
    centred = x - x.mean(axis=-1, keepdims=True)
    deviation = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + np.float32(config.layer_norm_eps))
    return np.asarray(centred / deviation * weights[f"{prefix}.weight"] + weights[f"{prefix}.bias"], np.float32)
