"""Rows as one bit a number, 48 bytes of 384: which of many may be near a query is told by the bits that differ.

Of 100,000 made rows the ten nearest are among the 500 of the fewest such bits: what is left is compared in full.
"""

import numkong
import numpy as np
from numpy.typing import NDArray

SKETCHED_NDIM = 256  # shorter rows have too few bits, and are quick to compare
BLOCK_ROWS = 1_024  # a copy that stays in the cache

Sketches = NDArray[np.uint8]
Half = NDArray[np.float16]


def middle_of(rows: Half) -> Half:
    """Return the mean (ndim,) of these rows (n, ndim), by which bits tell the most, whatever direction all share."""
    return np.asarray(rows.astype(np.float32).mean(axis=0), np.float16)


def sketches_of(rows: Half, slots: NDArray[np.int64], middle: Half) -> Sketches:
    """Return which numbers of the rows at these slots are above the middle's: (n, ndim / 8) rounded up, bit by bit."""
    edge, blocks = ordered(middle), range(0, len(slots), BLOCK_ROWS)
    parts = [np.packbits(ordered(rows[slots[at : at + BLOCK_ROWS]]) > edge, axis=1) for at in blocks]
    return np.concatenate(parts) if parts else np.empty((0, -(-rows.shape[1] // 8)), np.uint8)


def ordered(numbers: Half) -> NDArray[np.int16]:
    """Return integers in the order of the numbers, which compare ten times as quickly; no number is a NaN."""
    bits = numbers.view(np.int16)
    return np.asarray(bits ^ ((bits >> 15) & np.int16(0x7FFF)), np.int16)


def differences(sketches: Sketches, sketch: Sketches) -> NDArray[np.float32]:
    """Return how many bits of each (n,) differ from those of one (1, bytes)."""
    if not len(sketches):
        return np.empty(0, np.float32)
    found: NDArray[np.float32] = np.asarray(numkong.cdist(sketch, sketches, "hamming", dtype="uint1"), np.float32)[0]
    return found
