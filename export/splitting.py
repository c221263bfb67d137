"""Splits feed-forward neurons whose weight to one channel would leave the channel's other weights no integers.

In: an encoder's weights. Out: weights of the same function, with more neurons where a layer needs them. A neuron and
its copies share its weights evenly (outlier channel splitting, Zhao et al. 2019, arXiv:1901.09504).
"""

import numpy as np
from numpy.typing import NDArray

from export.bert import BertConfig, Weights
from export.fused import WIDTH_STEP

# Only a layer in which one weight holds more than this share of a channel's sum of squares is split: in
# all-MiniLM-L6-v2's first four layers it is 70% to 99%, in the others at most 13%. docs/decisions/0014.
DOMINANT_SHARE = 0.5
# A layer grows by the least that the fused operators take, 4% of its feed-forward products.
COPIES = WIDTH_STEP


def split_outliers(config: BertConfig, weights: Weights) -> Weights:
    """Return weights by the same names, in which no neuron dominates a channel."""
    split = dict(weights)
    for i in range(config.num_hidden_layers):
        base = f"encoder.layer.{i}."
        down = weights[f"{base}output.dense.weight"]
        squares = np.square(down)
        if (squares.max(axis=1) <= DOMINANT_SHARE * squares.sum(axis=1)).all():
            continue
        parts = count_parts(down)
        neurons = np.repeat(np.arange(len(parts)), parts)
        shares = (down / parts).astype(np.float32)
        for name in ("intermediate.dense.weight", "intermediate.dense.bias"):
            split[base + name] = weights[base + name][neurons]
        split[f"{base}output.dense.weight"] = shares[:, neurons]
    return split


def count_parts(down: NDArray[np.float32], copies: int = COPIES) -> NDArray[np.int64]:
    """Return into how many neurons each one of (channels, neurons) is split, with that many copies in all.

    Each copy goes to the neuron with the largest weight that is left, in units of its channel's other weights.
    """
    squares = np.square(down)
    others = (squares.sum(axis=1) - squares.max(axis=1)) / (down.shape[1] - 1)
    dominance = (np.abs(down) / np.sqrt(np.maximum(others, 1e-12))[:, None]).max(axis=0)
    parts = np.ones(len(dominance), np.int64)
    for _ in range(copies):
        parts[np.argmax(dominance / parts)] += 1
    return parts
