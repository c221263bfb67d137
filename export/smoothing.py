"""How each activation becomes uint8 (SmoothQuant, Xiao et al. 2022, arXiv:2211.10438).

In: the range of every channel of an activation, and the weights that read it. Out: a factor per channel and one range.
Activations are divided by the factors and weight rows multiplied by them, which moves outliers of single channels into
the weights.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from export.bert import LinearLayer

# The share of an outlier that moves into the weights: docs/decisions/0005.
SMOOTHING_ALPHA = 0.8
# After Gelu a channel reaches 24 above zero and at most 0.17 below. Its negative side counts this many times when its
# factor is chosen, so that it takes little of the range.
SHORT_SIDE_SHARE = 2.0
LEAST_REACH, LEAST_WEIGHT, LEAST_FACTOR = 1e-3, 1e-4, 1e-3


class Reach(msgspec.Struct, frozen=True):
    """How far each channel goes above zero (`high`) and below it (`low`); both are positive, (channels,)."""

    high: NDArray[np.float32]
    low: NDArray[np.float32]

    def join(self, other: "Reach") -> "Reach":
        """Return the range that covers both."""
        return Reach(np.maximum(self.high, other.high), np.maximum(self.low, other.low))


class QuantizedSite(msgspec.Struct, frozen=True):
    """How one activation becomes uint8: round(x / factors / scale) + zero_point."""

    factors: NDArray[np.float32]  # (channels,)
    scale: float
    zero_point: int

    def quantize(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return x (tokens, channels) / factors rounded to the graph's steps, in float32."""
        steps = np.round(x / (self.factors * np.float32(self.scale))) + self.zero_point
        return (np.clip(steps, 0, 255) - np.float32(self.zero_point)) * np.float32(self.scale)


def measure_reach(activations: NDArray[np.float32]) -> Reach:
    return Reach(np.maximum(activations.max(axis=0), 0), np.maximum(-activations.min(axis=0), 0))


def choose_site(
    site: str, reach: Reach, layers: Sequence[LinearLayer], alpha: float = SMOOTHING_ALPHA
) -> QuantizedSite:
    """Choose factors and range for one activation.

    Args:
        site: its name; what follows Gelu (`ffn_out`) has a one-sided range, all others a symmetric one.
        reach: the range of its channels.
        layers: the matrices that read it; they share its factors.
        alpha: the share of an outlier that moves into the weights, 0 to 1.
    """
    one_sided = site.startswith("ffn_out")
    longest = np.maximum(reach.high, reach.low * (SHORT_SIDE_SHARE if one_sided else 1))
    weight_peak = np.max([np.abs(layer.weight).max(axis=1) for layer in layers], axis=0)
    factors = np.maximum(longest, LEAST_REACH) ** alpha / np.maximum(weight_peak, LEAST_WEIGHT) ** (1 - alpha)
    factors = np.maximum(factors / np.median(factors), LEAST_FACTOR).astype(np.float32)
    high, low = float((reach.high / factors).max()), float((reach.low / factors).max())
    if not one_sided:
        high = low = max(high, low)
    scale = max(high + low, 1e-6) / 255
    return QuantizedSite(factors, scale, int(np.clip(round(low / scale), 0, 255)))
