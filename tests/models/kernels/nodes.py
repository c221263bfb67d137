"""Sessions over one operator of domain `vecd`: what is given as a constant is one, the rest is fed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.kernels.library import ATTENTION_ENTRY, PRODUCTS_ENTRY
from models.runtime import onnxruntime

Arrays = Mapping[str, NDArray[Any]]

F32, U8, I8, I64 = TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT8, TensorProto.INT64
LINEAR = {"quantized": U8, "weight": I8, "scales": F32, "bias": F32}
NORM = {"gamma": F32, "beta": F32, "multiplier": F32}
INPUTS: dict[str, dict[str, int]] = {
    "Embedding": {"input_ids": I64, "lengths": I64, "words": I8, "word_scales": F32, "positions": F32, **NORM},
    "LinearFloat": LINEAR,
    "LinearGeluQuantize": {**LINEAR, "multiplier": F32},
    "LinearNormQuantize": {**LINEAR, "residual": F32, **NORM},
    "AttentionQuantize": {"qkv": F32, "lengths": I64, "multiplier": F32},
    "Pool": {"hidden": F32, "lengths": I64},
}
OUTPUTS: dict[str, list[int]] = {
    "Embedding": [F32, U8],
    "LinearFloat": [F32],
    "LinearGeluQuantize": [U8],
    "LinearNormQuantize": [F32, U8],
    "AttentionQuantize": [U8],
    "Pool": [F32, F32],
}


def open_session(
    library: Path,
    model: onnx.ModelProto | bytes,
    threads: int = 1,
    *,
    arena: bool = True,
    attention: str | None = None,
    products: str | None = None,
) -> onnxruntime.InferenceSession:
    """Load a graph that holds operators of the library; attention and products None are what it chooses."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors are raised; the log would only say them again
    options.enable_cpu_mem_arena = arena
    if attention is not None:
        options.add_session_config_entry(ATTENTION_ENTRY, attention)
    if products is not None:
        options.add_session_config_entry(PRODUCTS_ENTRY, products)
    options.register_custom_ops_library(str(library))
    data = model if isinstance(model, bytes) else model.SerializeToString()
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def open_node(
    library: Path,
    kind: str,
    constants: Arrays,
    attributes: Mapping[str, float | int],
    threads: int = 1,
    outputs: Sequence[bool] = (True, True),
) -> onnxruntime.InferenceSession:
    """Load a graph of one operator; the outputs that are not wanted are left out.

    Tensors come from malloc, each alone, so that a sanitizer sees what is read or written beside them.
    """
    return open_session(library, node_model(kind, constants, attributes, outputs), threads, arena=False)


def node_model(
    kind: str, constants: Arrays, attributes: Mapping[str, float | int], outputs: Sequence[bool] = (True, True)
) -> onnx.ModelProto:
    """Return a graph of one operator; the outputs that are not wanted are left out."""
    inputs = INPUTS[kind]
    names = [f"output{i}" if wanted else "" for i, wanted in enumerate(outputs[: len(OUTPUTS[kind])])]
    node = helper.make_node(kind, list(inputs), names, domain="vecd", **attributes)
    fed = [helper.make_tensor_value_info(name, inputs[name], None) for name in inputs if name not in constants]
    given = [
        helper.make_tensor_value_info(name, kind_of, None)
        for name, kind_of in zip(names, OUTPUTS[kind], strict=False)
        if name
    ]
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    return model_of([node], fed, given, initializers)


def model_of(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    initializers: Sequence[onnx.TensorProto],
) -> onnx.ModelProto:
    """Make a model that ONNX Runtime 1.20 reads too."""
    graph = helper.make_graph(nodes, "graph", inputs, outputs, initializers)
    domains = [helper.make_opsetid("", 17), helper.make_opsetid("vecd", 1)]
    return helper.make_model(graph, ir_version=9, opset_imports=domains)


def same_bits(left: NDArray[Any], right: NDArray[Any]) -> bool:
    """Tell whether two arrays agree in every bit, not-a-number included."""
    return left.shape == right.shape and left.dtype == right.dtype and left.tobytes() == right.tobytes()


def starts_of(lengths: Sequence[int]) -> list[int]:
    """Return where each text begins, and where the last one ends."""
    return [0, *np.cumsum(lengths).tolist()]
