"""An ONNX graph under construction: nodes and constants go in by name, a checked ModelProto comes out."""

from collections.abc import Iterable, Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

OPSET = 23  # the first with Attention
IR_VERSION = 10


class OnnxGraph:
    """Collects nodes in order. Methods that add one tensor return its name."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, NDArray[np.generic]] = {}

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """Add an initializer, whose name must be new."""
        assert name not in self._constants, name
        self._constants[name] = np.ascontiguousarray(value)
        return name

    def integers(self, name: str, *values: int) -> str:
        """Return an int64 vector constant; the same name is the same constant."""
        self._constants.setdefault(name, np.array(values, np.int64))
        return name

    def node(self, kind: str, inputs: list[str], output: str, *, domain: str = "", **attributes: object) -> str:
        """Add an operator with one output, and name it after that."""
        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def multiple(self, kind: str, inputs: list[str], outputs: list[str], *, domain: str, **attributes: object) -> None:
        """Add an operator with several outputs; an empty name leaves an output out."""
        node = helper.make_node(kind, inputs, outputs, name=outputs[0], domain=domain, **attributes)
        self._nodes.append(node)

    def adopt(self, nodes: Iterable[onnx.NodeProto], constants: Mapping[str, NDArray[np.generic]]) -> None:
        """Add another graph's nodes, and those of its constants that a node reads."""
        self._nodes.extend(nodes)
        read = {name for node in self._nodes for name in node.input}
        self._constants.update({name: value for name, value in constants.items() if name in read})

    def model(
        self,
        name: str,
        inputs: Mapping[str, list[str]],
        outputs: Mapping[str, list[str]],
        opset: int = OPSET,
    ) -> onnx.ModelProto:
        """Return the finished model. Inputs are int64 and outputs float32, each given with the names of its axes."""
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info(k, onnx.TensorProto.INT64, axes) for k, axes in inputs.items()],
            [helper.make_tensor_value_info(k, onnx.TensorProto.FLOAT, axes) for k, axes in outputs.items()],
            [numpy_helper.from_array(value, k) for k, value in self._constants.items()],
        )
        return make_model(graph, opset)


def expose(model: onnx.ModelProto, tensors: Iterable[str]) -> onnx.ModelProto:
    """Return a copy of the model that gives these float32 tensors too."""
    copy = onnx.ModelProto.FromString(model.SerializeToString())
    copy.graph.output.extend(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in tensors)
    return copy


def make_model(graph: onnx.GraphProto, opset: int = OPSET) -> onnx.ModelProto:
    """Return a model of the graph, with the versions of the operators that the export uses."""
    versions = {"": opset, **dict.fromkeys(sorted({node.domain for node in graph.node} - {""}), 1)}
    opsets = [helper.make_opsetid(domain, version) for domain, version in versions.items()]
    return helper.make_model(graph, ir_version=IR_VERSION, opset_imports=opsets, producer_name="vecd")
