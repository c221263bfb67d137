"""Gives an encoder that optimum fused for CUDA the inputs and outputs of vecd's graphs, and adds the pooling.

In: the fused graph, fp32 or fp16, over input_ids, attention_mask and token_type_ids (batch, tokens). Out: the same
encoder over input_ids and an attention_mask of ones followed by zeros (padding to the right), with sentence_embedding,
pooled and token_embeddings in float32. Pooling and normalization are float32 too, by operators that CUDA has.
"""

from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from export.errors import ExportError
from export.onnx_graph import OnnxGraph

FUSED_EMBEDDINGS, ENCODER_OUTPUT, TOKEN_TYPES = "EmbedLayerNormalization", "last_hidden_state", "token_type_ids"
# Places of those inputs of FUSED_EMBEDDINGS that change here.
TYPE_IDS, POSITION_TABLE, TYPE_TABLE = 1, 3, 4
OLDEST_OPSET = 18  # the first opset in which every reduction takes its axes as an input

Pooling = Literal["mean", "cls"]


def finish_graph(fused: onnx.ModelProto, positions: NDArray[np.float32], pooling: Pooling) -> onnx.ModelProto:
    """Return the finished graph.

    Args:
        fused: what optimum wrote.
        positions: the positions' table (max_tokens, hidden), the one token type already added to it.
        pooling: how a text's tokens become one vector.

    Raises:
        ExportError: the encoder was not fused as expected.
    """
    opset = _check_fused(fused)
    nodes = [node for node in _copies(fused) if TOKEN_TYPES not in node.input]
    constants = {table.name: numpy_helper.to_array(table) for table in fused.graph.initializer}
    for node in nodes:
        node.output[:] = ["token_embeddings" if name == ENCODER_OUTPUT else name for name in node.output]
        if node.op_type == FUSED_EMBEDDINGS:
            # Every token is of the first type, which is part of each position; so types are no input.
            constants["positions.table"] = positions.astype(constants[node.input[POSITION_TABLE]].dtype)
            node.input[POSITION_TABLE] = "positions.table"
            node.input[TYPE_IDS] = node.input[TYPE_TABLE] = ""
    graph = OnnxGraph()
    graph.adopt(nodes, constants)
    _pool(graph, pooling)
    hidden = str(positions.shape[1])
    return graph.model(
        "bert-cuda",
        {"input_ids": ["batch", "tokens"], "attention_mask": ["batch", "tokens"]},
        {
            "sentence_embedding": ["batch", hidden],
            "pooled": ["batch", hidden],
            "token_embeddings": ["batch", "tokens", hidden],
        },
        opset,
    )


def _check_fused(fused: onnx.ModelProto) -> int:
    """Return the graph's opset after checking that the graph is what the rest of this file expects."""
    opset: int = next(one.version for one in fused.opset_import if one.domain == "")
    fusions = sum(node.op_type == FUSED_EMBEDDINGS for node in fused.graph.node)
    outputs = [value.name for value in fused.graph.output]
    if opset < OLDEST_OPSET or fusions != 1 or outputs != [ENCODER_OUTPUT]:
        message = f"optimum's graph has opset {opset}, {fusions} times {FUSED_EMBEDDINGS}, and gives {outputs}"
        raise ExportError(f"{message}; opset {OLDEST_OPSET} or newer, one, and ['{ENCODER_OUTPUT}'] are needed")
    return opset


def _copies(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    return [onnx.NodeProto.FromString(node.SerializeToString()) for node in model.graph.node]


def _pool(graph: OnnxGraph, pooling: Pooling) -> None:
    """Pool and normalize without a matrix product, which CUDA may compute with TF32's ten bits."""
    tokens = graph.integers("tokens_axis", 1)
    if pooling == "cls":
        first = graph.node("Gather", ["token_embeddings", graph.integers("first", 0)], "first_token", axis=1)
        graph.node("Squeeze", [first, tokens], "pooled")
    else:
        hidden = graph.integers("hidden_axis", 2)
        mask = graph.node("Cast", ["attention_mask"], "mask", to=onnx.TensorProto.FLOAT)
        count = graph.node("ReduceSum", [mask, tokens], "token_count", keepdims=1)
        share = graph.node("Unsqueeze", [graph.node("Div", [mask, count], "token_share"), hidden], "token_weight")
        graph.node(
            "ReduceSum", [graph.node("Mul", ["token_embeddings", share], "shares"), tokens], "pooled", keepdims=0
        )
    norm = graph.node("ReduceL2", ["pooled", graph.integers("last_axis", -1)], "norm", keepdims=1)
    graph.node("Div", ["pooled", norm], "sentence_embedding")
