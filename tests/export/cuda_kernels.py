"""The kernels that ONNX Runtime has for CUDA, as far as the graph for CUDA may use them.

From docs/OperatorKernels.md of microsoft/onnxruntime, which is made from the registered kernels, at commit
001d12d2623fd411ce0f83d05abb5e82304a3389: for each operator the opset with which the kernel for opset 18 begins, and
those of its types that matter here.
"""

import msgspec
import onnx
from onnx import TensorProto

FUSIONS = "com.microsoft"

FLOATS = {TensorProto.FLOAT, TensorProto.FLOAT16}
INTEGERS = {TensorProto.INT32, TensorProto.INT64}


class Kernel(msgspec.Struct, frozen=True):
    """An operator on CUDA: since which opset, and over which types."""

    since: int
    types: set[int]


KERNELS = {
    ("", "Cast"): Kernel(13, FLOATS | INTEGERS),
    ("", "Div"): Kernel(14, FLOATS | INTEGERS),
    ("", "Gather"): Kernel(13, FLOATS | INTEGERS),
    ("", "MatMul"): Kernel(13, FLOATS),
    ("", "Mul"): Kernel(14, FLOATS | INTEGERS),
    ("", "ReduceL2"): Kernel(18, FLOATS | {TensorProto.INT32}),
    ("", "ReduceSum"): Kernel(13, FLOATS | INTEGERS),
    ("", "Squeeze"): Kernel(13, FLOATS | INTEGERS),
    ("", "Unsqueeze"): Kernel(13, FLOATS | INTEGERS),
    (FUSIONS, "Attention"): Kernel(1, FLOATS),
    (FUSIONS, "BiasGelu"): Kernel(1, FLOATS),
    (FUSIONS, "EmbedLayerNormalization"): Kernel(1, FLOATS),
    (FUSIONS, "SkipLayerNormalization"): Kernel(1, FLOATS),
}
# Inputs that are of another type than the operator's own: a mask, ids, axes.
BESIDE = {
    (FUSIONS, "Attention"): {3},
    (FUSIONS, "EmbedLayerNormalization"): {0, 1, 7},
    ("", "Gather"): {1},
    ("", "ReduceL2"): {1},
    ("", "ReduceSum"): {1},
    ("", "Squeeze"): {1},
    ("", "Unsqueeze"): {1},
}


def without_kernel(model: onnx.ModelProto) -> list[str]:
    """Name every node of the graph whose operator and type CUDA has no kernel for."""
    (opset,) = (one.version for one in model.opset_import if one.domain == "")
    types = {value.name: value.type.tensor_type.elem_type for value in model.graph.input}
    types |= {constant.name: constant.data_type for constant in model.graph.initializer}
    complaints = []
    for node in model.graph.node:
        operator = (node.domain, node.op_type)
        kernel = KERNELS.get(operator)
        beside = BESIDE.get(operator, set())
        read = {types[name] for at, name in enumerate(node.input) if name and at not in beside}
        if kernel is None or (not node.domain and opset < kernel.since) or not read <= kernel.types or len(read) != 1:
            complaints.append(f"{node.op_type} over {sorted(map(TensorProto.DataType.Name, read))}")
        types |= dict.fromkeys(node.output, cast_to(node) or max(read, default=TensorProto.UNDEFINED))
        if node.op_type == "EmbedLayerNormalization":
            types[node.output[1]] = TensorProto.INT32
    return complaints


def cast_to(node: onnx.NodeProto) -> int:
    found: int = next((attribute.i for attribute in node.attribute if attribute.name == "to"), 0)
    return found
