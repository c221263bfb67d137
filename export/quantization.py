"""The encoder's linear layers as int8 operators of stock ONNX Runtime.

In: the factors, ranges and integers from calibration. Out: nodes of the graph that export/bert.py builds.
"""

import numpy as np
from numpy.typing import NDArray

from export.bert import LinearLayer
from export.calibration import QuantizedEncoder
from export.onnx_graph import OnnxGraph


class Int8Linear:
    """uint8 activations times int8 weights, the only pair with a fast kernel, rescaled to float32 in one operator."""

    def __init__(self, encoder: QuantizedEncoder, levels: int) -> None:
        self._encoder = encoder
        self._layers = encoder.layers[levels]
        self._quantized: dict[str, tuple[str, str, str]] = {}

    def embed(self, graph: OnnxGraph, table: NDArray[np.float32], ids: str, output: str) -> str:
        """Gather int8 rows and one scale per row: a quarter of fp32's size, without measurable loss."""
        assert table.shape == self._encoder.word_values.shape
        rows = graph.node(
            "Gather", [graph.constant(f"{output}.table", self._encoder.word_values), ids], f"{output}.int8"
        )
        column = graph.constant(f"{output}.scales", self._encoder.word_scales[:, None])
        row_scales = graph.node("Gather", [column, ids], f"{output}.row_scales")
        return graph.node("Mul", [graph.node("Cast", [rows], f"{output}.cast", to=1), row_scales], output)

    def apply(self, graph: OnnxGraph, layer: LinearLayer, x: str) -> str:
        """Quantize the site once for all layers that read it, then multiply by MatMulIntegerToFloat."""
        activation, scale, zero = self._activation(graph, layer.site, x)
        rounded = self._layers[layer.output]
        name = layer.output
        inputs = [
            activation,
            graph.constant(f"{name}.weight", rounded.values),
            scale,
            graph.constant(f"{name}.scales", rounded.scales),
            zero,
            "",  # weights are symmetric; zeros given in full would cost a short run 3% of its time
            graph.constant(f"{name}.bias", rounded.bias),
        ]
        return graph.node("MatMulIntegerToFloat", inputs, name, domain="com.microsoft")

    def _activation(self, graph: OnnxGraph, site: str, x: str) -> tuple[str, str, str]:
        if site not in self._quantized:
            chosen = self._encoder.sites[site]
            if not site.startswith("attention"):  # its factors are in the values' weights
                inverse = graph.constant(f"{site}.inverse_factors", (1 / chosen.factors).astype(np.float32))
                x = graph.node("Mul", [x, inverse], f"{site}.smoothed")
            scale = graph.constant(f"{site}.scale", np.array(chosen.scale, np.float32))
            zero = graph.constant(f"{site}.zero", np.array(chosen.zero_point, np.uint8))
            self._quantized[site] = graph.node("QuantizeLinear", [x, scale, zero], f"{site}.uint8"), scale, zero
        return self._quantized[site]
