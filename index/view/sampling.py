"""The exact scores of the nearest rows, of several queries at once: each row is read from memory once for all of them.

Sixteen queries over a million rows of 384 take 0.26 s on one core, a fifth of what sixteen searches take.
"""

import numkong
import numpy as np
from numpy.typing import NDArray

from index.view.captures import Flags

BLOCK_ROWS = 8_192  # 2 ms for sixteen queries, in which other threads have the interpreter

Half = NDArray[np.float16]
Single = NDArray[np.float32]


def nearest_scores(rows: Half, there: Flags, queries: Half, count: int) -> list[Single]:
    """Return for each query (queries, ndim) the highest products with the rows (n, ndim) that are there, ascending.

    There are so many of them, or as many as there are rows.
    """
    packed = numkong.dots_pack(np.ascontiguousarray(queries), dtype="float16")
    found = np.full((count, len(queries)), -np.inf, np.float32)
    for start in range(0, len(rows), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        scores = np.asarray(numkong.dots_packed(rows[block], packed), np.float32)
        scores = scores[there[block]]
        for number in np.flatnonzero((scores > found[0]).any(axis=0)):
            higher = scores[:, number][scores[:, number] > found[0, number]]
            found[:, number] = np.sort(np.concatenate([found[:, number], higher]))[len(higher) :]
    return [column[np.isfinite(column)] for column in found.T]
