"""A BERT encoder as an ONNX graph, straight from its weights.

In: config, weights by checkpoint name, and how a linear layer is computed (fp32 or int8). Out: a graph from
input_ids (batch, tokens) of one length, without mask or padding, to sentence_embedding, pooled and token_embeddings.
Promised: a text's outputs have the same bits in every batch, on any number of threads.
"""

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray

from export.onnx_graph import OnnxGraph

Weights = Mapping[str, NDArray[np.float32]]

QUERY_KEY_VALUE = ("query", "key", "value")


class BertConfig(msgspec.Struct, frozen=True):
    """The shape of the encoder, in the words of a checkpoint's config.json."""

    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    vocab_size: int
    max_position_embeddings: int
    layer_norm_eps: float
    hidden_act: Literal["gelu"]
    model_type: Literal["bert"]
    position_embedding_type: Literal["absolute"] = "absolute"


class Linear(Protocol):
    """How the graph looks words up and multiplies, which is all that differs between precisions."""

    def embed(self, graph: OnnxGraph, table: NDArray[np.float32], ids: str, output: str) -> str:
        """Add the look-up of `ids` (batch, tokens) in `table` (vocabulary, hidden)."""

    def apply(self, graph: OnnxGraph, layer: "LinearLayer", x: str) -> str:
        """Add x · weight + bias for one layer of the encoder."""


class LinearLayer(msgspec.Struct, frozen=True):
    """One matrix of the encoder. `site` names the activation that it reads; query, key and value share one."""

    output: str
    site: str
    weight: NDArray[np.float32]  # (in, out)
    bias: NDArray[np.float32]


def linear_layers(config: BertConfig, weights: Weights) -> dict[str, LinearLayer]:
    """Return every matrix of the encoder by the name of its output."""
    layers = {}
    for i in range(config.num_hidden_layers):
        base = f"encoder.layer.{i}."
        for output, site, prefix in (
            *((f"{name}.{i}", f"qkv.{i}", f"{base}attention.self.{name}") for name in QUERY_KEY_VALUE),
            (f"projection.{i}", f"attention.{i}", f"{base}attention.output.dense"),
            (f"up.{i}", f"ffn_in.{i}", f"{base}intermediate.dense"),
            (f"down.{i}", f"ffn_out.{i}", f"{base}output.dense"),
        ):
            layers[output] = LinearLayer(output, site, weights[f"{prefix}.weight"].T, weights[f"{prefix}.bias"])
    return layers


def layer_norms(config: BertConfig) -> list[str]:
    """Return the prefix of every LayerNorm's weights."""
    norms = ["embeddings.LayerNorm"]
    for i in range(config.num_hidden_layers):
        norms += [f"encoder.layer.{i}.attention.output.LayerNorm", f"encoder.layer.{i}.output.LayerNorm"]
    return norms


class Fp32Linear:
    """Matrices in fp32. `sites` gives the tensor of each activation that a matrix reads, by its name."""

    def __init__(self) -> None:
        self.sites: dict[str, str] = {}

    def embed(self, graph: OnnxGraph, table: NDArray[np.float32], ids: str, output: str) -> str:
        return graph.node("Gather", [graph.constant(f"{output}.table", table), ids], output)

    def apply(self, graph: OnnxGraph, layer: LinearLayer, x: str) -> str:
        name = layer.output
        self.sites[layer.site] = x
        product = graph.node("MatMul", [x, graph.constant(f"{name}.weight", layer.weight)], f"{name}.product")
        return graph.node("Add", [product, graph.constant(f"{name}.bias", layer.bias)], name)


def build_bert(
    config: BertConfig,
    weights: Weights,
    linear: Linear,
    pooling: Literal["mean", "cls"],
) -> onnx.ModelProto:
    """Build the graph.

    Returns a model with input_ids (batch, tokens) int64 in, and float32 sentence_embedding (batch, hidden),
    pooled (batch, hidden; not normalized) and token_embeddings (batch, tokens, hidden) out.
    """
    graph = OnnxGraph()
    layers = linear_layers(config, weights)
    x = _embeddings(graph, config, weights, linear)
    for i in range(config.num_hidden_layers):
        base = f"encoder.layer.{i}."
        query, key, value = (linear.apply(graph, layers[f"{name}.{i}"], x) for name in QUERY_KEY_VALUE)
        heads = config.num_attention_heads
        context = graph.node("Attention", [query, key, value], f"context.{i}", q_num_heads=heads, kv_num_heads=heads)
        projection = linear.apply(graph, layers[f"projection.{i}"], context)
        residual = graph.node("Add", [projection, x], f"attention_residual.{i}")
        x = _layer_norm(graph, config, weights, residual, base + "attention.output.LayerNorm")
        hidden = graph.node("Gelu", [linear.apply(graph, layers[f"up.{i}"], x)], f"gelu.{i}")
        residual = graph.node("Add", [linear.apply(graph, layers[f"down.{i}"], hidden), x], f"ffn_residual.{i}")
        x = _layer_norm(graph, config, weights, residual, base + "output.LayerNorm")
    _outputs(graph, x, pooling)
    hidden_axis = str(config.hidden_size)
    return graph.model(
        "bert",
        {"input_ids": ["batch", "tokens"]},
        {
            "sentence_embedding": ["batch", hidden_axis],
            "pooled": ["batch", hidden_axis],
            "token_embeddings": ["batch", "tokens", hidden_axis],
        },
    )


def _embeddings(graph: OnnxGraph, config: BertConfig, weights: Weights, linear: Linear) -> str:
    """Add words and positions, and normalize; the one token type is part of the positions' table."""
    words = linear.embed(graph, weights["embeddings.word_embeddings.weight"], "input_ids", "words")
    table = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    shape = graph.node("Shape", ["input_ids"], "shape")
    one, two = graph.integers("one", 1), graph.integers("two", 2)
    tokens = graph.node("Slice", [shape, one, two], "tokens")
    zero = graph.integers("zero", 0)
    positions = graph.node("Slice", [graph.constant("positions.table", table), zero, tokens, zero], "positions")
    total = graph.node("Add", [words, positions], "embeddings")
    return _layer_norm(graph, config, weights, total, "embeddings.LayerNorm")


def _layer_norm(graph: OnnxGraph, config: BertConfig, weights: Weights, x: str, prefix: str) -> str:
    scale = graph.constant(f"{prefix}.scale", weights[f"{prefix}.weight"])
    bias = graph.constant(f"{prefix}.bias", weights[f"{prefix}.bias"])
    return graph.node("LayerNormalization", [x, scale, bias], prefix, axis=-1, epsilon=config.layer_norm_eps)


def _outputs(graph: OnnxGraph, x: str, pooling: Literal["mean", "cls"]) -> None:
    """Pool and normalize with operators whose sums have one order.

    ReduceMean and ReduceL2 add in one order for a batch of one and in another for a batch of many, which changes the
    last bit; a (1, tokens) row times (tokens, hidden) and LpNormalization do not.
    """
    graph.node("Identity", [x], "token_embeddings")
    one = graph.integers("one", 1)
    if pooling == "cls":
        zero = graph.integers("zero", 0)
        first = graph.node("Slice", [x, zero, one, one], "first_token")
    else:
        count = graph.node("Cast", ["tokens"], "token_count", to=onnx.TensorProto.FLOAT)
        share = graph.node("Reciprocal", [count], "token_share")
        row_shape = graph.node("Concat", [one, one, "tokens"], "row_shape", axis=0)
        row = graph.node("Expand", [share, row_shape], "row")
        first = graph.node("MatMul", [row, x], "mean_token")
    pooled = graph.node("Squeeze", [first, one], "pooled")
    graph.node("LpNormalization", [pooled], "sentence_embedding", axis=-1, p=2)
