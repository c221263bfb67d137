"""Vectors: float32 rows of unit length, and the model that they come from."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.errors import VectorError

UNIT_TOLERANCE = 0.01  # of a vector's length, which float16 and other libraries' rounding stay far below

Vector = NDArray[np.float32]


class Model(msgspec.Struct, frozen=True):
    """A model by its fingerprint, how many numbers its vectors have, and which variant of it computes them."""

    fingerprint: str
    ndim: int
    variant: str


def check_vector(vector: Vector, ndim: int) -> Vector:
    """Return the vector as contiguous float32 (ndim,), or raise VectorError."""
    row = np.ascontiguousarray(vector, np.float32)
    if row.shape != (ndim,):
        raise VectorError(f"a vector here has {ndim} numbers; this one has the shape {row.shape}")
    if not np.isfinite(row).all():
        raise VectorError("a vector holds numbers that are not finite")
    norm = float(np.linalg.norm(row))
    if not is_unit(norm):
        raise VectorError(f"a vector must have length 1; this one has length {norm:.4g}")
    return row


def is_unit(norm: float) -> bool:
    """Say whether a length counts as 1; NaN does not."""
    return abs(norm - 1) <= UNIT_TOLERANCE
