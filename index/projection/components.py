"""The two principal components of many rows, a block of them at a time. Pure, but for giving way between blocks."""

from collections.abc import Iterator

import msgspec
import numkong
import numpy as np
from numpy.typing import NDArray

from index.documents.projection import Floats, Plane
from index.store.interruption import checkpoint
from index.view.captures import Slots

BLOCK_ROWS = 4_096  # 6 MB of float32 with 384 numbers
# Of the whole variance: less than this along a component is what rounding to float32 leaves.
ROUNDING = 1e-6
DIGITS = 5  # a row in float16 is no more exact


class Rows(msgspec.Struct, frozen=True, eq=False):
    """Some rows of an array (m, ndim) float16: those at `slots` (n,), in this order. `more` continue the array."""

    every: NDArray[np.float16]
    slots: Slots
    more: NDArray[np.float16] | None = None

    def blocks(self) -> Iterator[Floats]:
        """Yield the rows in float32, block by block."""
        for start in range(0, len(self.slots), BLOCK_ROWS):
            checkpoint()
            block = self._taken(self.slots[start : start + BLOCK_ROWS])
            yield np.asarray(numkong.astype(block, "float32"))  # in a twentieth of the time that numpy takes

    def _taken(self, slots: Slots) -> NDArray[np.float16]:
        count = len(self.every)
        if self.more is None or (near := slots < count).all():
            return self.every[slots]
        found = np.empty((len(slots), self.every.shape[1]), np.float16)
        found[near], found[~near] = self.every[slots[near]], self.more[slots[~near] - count]
        return found


def evenly(count: int, most: int) -> Slots:
    """Return the positions of at most so many of `count` elements, the same distance apart."""
    return np.arange(count) if count <= most else np.arange(most) * count // most


def plane_of(rows: Rows) -> Plane:
    """Return the plane of the first two principal components: the eigenvectors of the rows' covariance.

    The sign of each is such that its number of the largest magnitude is positive.
    """
    count, ndim = max(1, len(rows.slots)), rows.every.shape[1]
    total, scatter = np.zeros(ndim), np.zeros((ndim, ndim))
    for block in rows.blocks():
        total += block.sum(0, np.float64)
    mean = (total / count).astype(np.float32)
    for block in rows.blocks():
        apart = block - mean
        scatter += apart.T @ apart
    components, explained = widest(scatter)
    return Plane(mean, components, explained)


def widest(scatter: NDArray[np.float64]) -> tuple[Floats, tuple[float, float]]:
    """Return the first two eigenvectors (2, ndim), and the share of each in the whole, of a scatter matrix."""
    whole = float(np.trace(scatter))
    if not whole:
        return np.zeros((2, len(scatter)), np.float32), (0.0, 0.0)
    variances, vectors = np.linalg.eigh(scatter)  # ascending, in columns
    shares, components = variances[:-3:-1] / whole, vectors.T[:-3:-1]
    largest = np.take_along_axis(components, np.abs(components).argmax(1)[:, None], 1)
    there = shares > ROUNDING
    components = np.where(there[:, None], components * np.sign(largest), 0.0)
    first, second = np.where(there, shares, 0.0).tolist()
    return np.ascontiguousarray(components, np.float32), (first, second)


def places_of(rows: Rows, plane: Plane) -> Floats:
    """Return where each row stands (n, 2)."""
    found = [(block - plane.mean) @ plane.components.T for block in rows.blocks()]
    return np.concatenate([np.empty((0, 2), np.float32), *found]).round(DIGITS)
