"""Vectors that a client gives: only their direction counts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index import VectorError

Row = NDArray[np.float32]


def unit(vector: Sequence[float], ndim: int) -> Row:
    """Return a vector as a row (ndim,) of unit length, since directions are compared; raises VectorError."""
    if len(vector) != ndim:
        message = f"a vector here has {ndim} numbers; this one has {len(vector)}"
        raise VectorError(message)
    row = np.asarray(vector, np.float64)
    largest = float(np.abs(row).max(initial=0))
    if not np.isfinite(largest) or largest == 0:
        message = "a vector must be finite and not zero"
        raise VectorError(message)
    row = row / largest  # so that its squares neither overflow nor underflow
    return np.asarray(row / np.linalg.norm(row), np.float32)
