"""Static int8 with smoothed activations (SmoothQuant, Xiao et al. 2022, arXiv:2211.10438).

In: the largest magnitude of every activation channel, as calibration saw it, and the weights. Out: one uint8 range
and one factor per channel for each site, and linear layers that use them. Activations are divided by the factors and
weight rows multiplied by them, which moves outliers of single channels into the weights, where they are harmless.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from export.bert import LinearLayer
from export.onnx_graph import OnnxGraph

# 0.9 gave the best mean cosine on this family of models; 0.5, the paper's default, loses 0.014.
SMOOTHING_ALPHA = 0.9
GELU_MINIMUM = -0.17  # Gelu's least value is -0.16997, at x = -0.7518
LEAST_PEAK, LEAST_WEIGHT, LEAST_FACTOR = 1e-3, 1e-4, 1e-3


class QuantizedSite(msgspec.Struct, frozen=True):
    """How one activation becomes uint8: round(x / factors / scale) + zero_point."""

    factors: NDArray[np.float32]  # (channels,)
    scale: float
    zero_point: int


def quantize_sites(
    peaks: Mapping[str, NDArray[np.float32]], layers: Sequence[LinearLayer], alpha: float = SMOOTHING_ALPHA
) -> dict[str, QuantizedSite]:
    """Choose factors and range for every site.

    Args:
        peaks: by site, the largest magnitude of each channel (channels,).
        layers: all linear layers; those of one site share its factors.
        alpha: how much of an outlier moves into the weights, 0 to 1.
    """
    sites = {}
    for site, peak in peaks.items():
        weight_peak = np.max([np.abs(layer.weight).max(axis=1) for layer in layers if layer.site == site], axis=0)
        factors = np.maximum(peak, LEAST_PEAK) ** alpha / np.maximum(weight_peak, LEAST_WEIGHT) ** (1 - alpha)
        factors = np.maximum(factors / np.median(factors), LEAST_FACTOR).astype(np.float32)
        high = float((peak / factors).max())
        low = max(GELU_MINIMUM / float(factors.min()), -high) if site.startswith("ffn_out") else -high
        scale = max(high - low, 1e-6) / 255
        sites[site] = QuantizedSite(factors, scale, int(np.clip(round(-low / scale), 0, 255)))
    return sites


def quantize_columns(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round (in, out) to symmetric int8 with one scale per output column; returns values and scales (out,)."""
    scales = np.maximum(np.abs(weight).max(axis=0), 1e-9) / 127
    return np.clip(np.round(weight / scales), -127, 127).astype(np.int8), scales.astype(np.float32)


class Int8Linear:
    """uint8 activations times int8 weights, the only pair with a fast kernel, rescaled to float32 in one operator."""

    def __init__(self, sites: Mapping[str, QuantizedSite]) -> None:
        self._sites = sites
        self._quantized: dict[str, tuple[str, str, str]] = {}

    def embed(self, graph: OnnxGraph, table: NDArray[np.float32], ids: str, output: str) -> str:
        """Gather int8 rows and one scale per row: a quarter of the file, no measurable loss."""
        values, scales = quantize_columns(table.T)
        rows = graph.node("Gather", [graph.constant(f"{output}.table", values.T), ids], f"{output}.int8")
        column = graph.constant(f"{output}.scales", scales[:, None])
        row_scales = graph.node("Gather", [column, ids], f"{output}.row_scales")
        return graph.node("Mul", [graph.node("Cast", [rows], f"{output}.cast", to=1), row_scales], output)

    def apply(self, graph: OnnxGraph, layer: LinearLayer, x: str) -> str:
        """Quantize the site once, then MatMulIntegerToFloat with its bias."""
        activation, scale, zero = self._activation(graph, layer.site, x)
        weight, bias = self._smoothed(layer)
        values, scales = quantize_columns(weight)
        name = layer.output
        inputs = [
            activation,
            graph.constant(f"{name}.weight", values),
            scale,
            graph.constant(f"{name}.scales", scales),
            zero,
            "",  # weights are symmetric; zeros given in full would cost a short run 3% of its time
            graph.constant(f"{name}.bias", bias),
        ]
        return graph.node("MatMulIntegerToFloat", inputs, name, domain="com.microsoft")

    def _smoothed(self, layer: LinearLayer) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Fold the factors of the site read into the rows and, for values, those of the attention into the columns.

        Attention is linear in its values, so its output leaves already divided: no operator is spent there.
        """
        weight, bias = layer.weight * self._sites[layer.site].factors[:, None], layer.bias
        kind, index = layer.output.split(".")
        if kind == "value":
            after = self._sites[f"attention.{index}"].factors
            weight, bias = weight / after, bias / after
        return weight, bias

    def _activation(self, graph: OnnxGraph, site: str, x: str) -> tuple[str, str, str]:
        if site not in self._quantized:
            chosen = self._sites[site]
            if not site.startswith("attention"):
                inverse = graph.constant(f"{site}.inverse_factors", (1 / chosen.factors).astype(np.float32))
                x = graph.node("Mul", [x, inverse], f"{site}.smoothed")
            scale = graph.constant(f"{site}.scale", np.array(chosen.scale, np.float32))
            zero = graph.constant(f"{site}.zero", np.array(chosen.zero_point, np.uint8))
            self._quantized[site] = graph.node("QuantizeLinear", [x, scale, zero], f"{site}.uint8"), scale, zero
        return self._quantized[site]
