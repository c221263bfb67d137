"""Rows of length 1 as the graph keeps them: int8, which tell what is near; float16 rows tell what is the nearest.

A component of 1 is 127 steps, so nothing is cut off, whatever the row; a product of two rows is that of their steps,
which takes half the time of a cosine that divides by the lengths.
"""

import numkong
import numpy as np
from numpy.typing import NDArray

STEPS = 127
# What two products of a pair may differ by: each component is off by 0.0023, the product of a pair by 0.0032 (standard
# deviations), whatever ndim; this is six of those.
BLUR = 0.02


def quantized(rows: NDArray[np.float16]) -> NDArray[np.int8]:
    """Return rows (n, ndim) or one (ndim,) as int8, to the nearest step."""
    steps = np.asarray(numkong.astype(np.ascontiguousarray(rows), "float32"))
    steps *= np.float32(STEPS)
    np.clip(steps, -STEPS, STEPS, out=steps)  # a vector may be a little longer than 1
    return np.asarray(numkong.astype(steps, "int8"))


def cosines_from(distances: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosines (n,) that USearch's distances (n,) of such rows stand for; about right, within BLUR."""
    return np.asarray((1 - distances) / np.float32(STEPS * STEPS), np.float32)
