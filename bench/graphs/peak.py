"""How near a graph comes to what the core can do: its linear layers' int8 operations against the core's own peak.

The peak is measured: the fastest of some large u8 x s8 MatMulIntegers in ONNX Runtime, on one thread, which write into
the same memory again and again. A peak is a maximum, so the best of all rounds counts, here and for the graph.
"""

import math
from collections.abc import Mapping
from functools import partial

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from bench.figures.kernels import Peak, Times
from bench.graphs.onnx_sessions import open_onnx_session, session_options
from bench.graphs.timing import Graph, time_call
from models.runtime import onnxruntime

# Rows, depth and columns: the model's own two widths, and larger ones. 512 rows are 32 texts of 16 tokens.
MATMULS = ((512, 384, 1536), (512, 1536, 384), (512, 1536, 1536), (1024, 1024, 4096))


def linear_operations(architecture: Mapping[str, int | float | str]) -> int:
    """Return the operations that a token costs in a BERT encoder's linear layers: 21.2 million for MiniLM-L6.

    Four projections of the hidden size, two between it and the intermediate size, in each layer.
    """
    layers, hidden, wide = (
        int(architecture[name]) for name in ("num_hidden_layers", "hidden_size", "intermediate_size")
    )
    return 2 * layers * (4 * hidden * hidden + 2 * hidden * wide)


def matmul_graphs(rng: np.random.Generator) -> dict[str, Graph]:
    """Return what times each matmul, by its name; it ignores the token ids that graphs are given."""
    return {_name(matmul): _matmul_graph(*matmul, rng) for matmul in MATMULS}


def summarize_peak(times: Times) -> Peak | None:
    """Return the peak that follows from the seconds of every round, by matmul; None where none was timed."""
    if not times:
        return None
    operations = {_name(matmul): 2 * math.prod(matmul) for matmul in MATMULS}
    best = {name: min(min(seconds) for seconds in shapes.values()) for name, shapes in times.items()}
    tops = {name: 1e-12 * operations[name] / seconds for name, seconds in best.items()}
    return Peak(tops=max(tops.values()), tops_by_matmul=tops)


def _name(matmul: tuple[int, int, int]) -> str:
    return f"matmul-{'x'.join(map(str, matmul))}"


def _matmul_graph(rows: int, depth: int, columns: int, rng: np.random.Generator) -> Graph:
    weight = rng.integers(-127, 127, (depth, columns), np.int8, endpoint=True)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "weight"], ["product"])],
        "matmul",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, [rows, depth])],
        [helper.make_tensor_value_info("product", TensorProto.INT32, [rows, columns])],
        [numpy_helper.from_array(weight, "weight")],  # a constant, so that it is packed once
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    session = open_onnx_session(model.SerializeToString(), session_options(threads=1))
    binding = session.io_binding()
    a = rng.integers(0, 255, (rows, depth), np.uint8, endpoint=True)
    binding.bind_ortvalue_input("a", onnxruntime.OrtValue.ortvalue_from_numpy(a))
    product = onnxruntime.OrtValue.ortvalue_from_shape_and_type([rows, columns], np.int32, "cpu", 0)
    binding.bind_ortvalue_output("product", product)
    return lambda _: partial(time_call, lambda: session.run_with_iobinding(binding))
