"""Vectors that are like real ones: they stand in clusters, each a perturbed copy of a centre. Not uniform noise."""

import numpy as np
from numpy.typing import NDArray

NDIM = 32

Rows = NDArray[np.float32]


def unit(rows: Rows) -> Rows:
    norms: Rows = np.linalg.norm(rows, axis=-1, keepdims=True)
    return (rows / norms).astype(np.float32)


def clustered(count: int, seed: int, ndim: int = NDIM, clusters: int = 100, spread: float = 0.9) -> Rows:
    """Rows (count, ndim) whose cosine with their cluster's centre is about 1 / sqrt(1 + spread²)."""
    random = np.random.default_rng(seed)
    centres = unit(np.random.default_rng(7).normal(size=(clusters, ndim)).astype(np.float32))
    noise = random.normal(size=(count, ndim)).astype(np.float32) / np.sqrt(ndim)
    return unit(centres[random.integers(0, clusters, count)] + spread * noise)


def one(seed: int, ndim: int = NDIM) -> Rows:
    row: Rows = clustered(1, seed, ndim)[0]
    return row
