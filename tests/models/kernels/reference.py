"""The operators in plain numpy and float64, as models/kernels/README.md describes them."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from tests.models.kernels.nodes import Arrays, starts_of

Floats = NDArray[np.float64]


def steps(values: Floats, multiplier: NDArray[Any], zero_point: int) -> Floats:
    """Return where a value lies between 0 and 255, before it is rounded."""
    return np.clip(values * multiplier.astype(np.float64) + zero_point, 0, 255)


def linear(quantized: NDArray[np.uint8], given: Arrays, zero_point: int) -> Floats:
    """(quantized - zero_point) · weight * scales + bias."""
    sums = (quantized.astype(np.int64) - zero_point) @ given["weight"].astype(np.int64)
    return np.asarray(sums * given["scales"].astype(np.float64) + given["bias"].astype(np.float64))


def gelu(values: Floats) -> Floats:
    """Gelu with the error function."""
    return np.asarray(0.5 * values * (1 + erf(values / np.sqrt(2))))


def layer_norm(values: Floats, given: Arrays, epsilon: float) -> Floats:
    """Layer normalization of the last axis, biased variance."""
    centered = values - values.mean(axis=-1, keepdims=True)
    unit = centered / np.sqrt((centered**2).mean(axis=-1, keepdims=True) + np.float32(epsilon).astype(np.float64))
    return np.asarray(unit * given["gamma"].astype(np.float64) + given["beta"].astype(np.float64))


def embed(ids: NDArray[np.int64], lengths: Sequence[int], given: Arrays) -> Floats:
    """Words plus positions, before normalization."""
    places = np.concatenate([np.arange(length) for length in lengths])
    words = given["words"][ids].astype(np.float64) * given["word_scales"][ids].astype(np.float64)[:, None]
    return np.asarray(words + given["positions"][places])


def attention(qkv: NDArray[np.float32], lengths: Sequence[int], heads: int) -> Floats:
    """Softmax attention of each head within each text."""
    query, key, value = np.split(qkv.astype(np.float64), 3, axis=1)
    hidden = query.shape[1]
    size = hidden // heads
    mixed = np.zeros_like(query)
    starts = starts_of(lengths)
    for start, end in itertools.pairwise(starts):
        for column in range(0, hidden, size):
            part = np.s_[start:end, column : column + size]
            scores = query[part] @ key[part].T / np.sqrt(size)
            weights = np.exp(scores - scores.max(axis=1, keepdims=True))
            mixed[part] = weights / weights.sum(axis=1, keepdims=True) @ value[part]
    return mixed


def pool(hidden: NDArray[np.float32], lengths: Sequence[int], mode: int) -> Floats:
    """Mean or first row of each text."""
    starts = starts_of(lengths)
    rows = [hidden[start:end].astype(np.float64) for start, end in itertools.pairwise(starts)]
    return np.stack([row.mean(axis=0) if mode == 0 else row[0] for row in rows])
