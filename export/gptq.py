"""Rounds a matrix so that its products, not its entries, change least (GPTQ, Frantar et al. 2023, arXiv:2210.17323).

In: weights, and the second moments of their inputs. Out: integers and one scale per output column. Rows are rounded
one after the other, the one of the largest input first, and the rows that follow compensate for each row's error.
"""

import numpy as np
from numpy.typing import NDArray

# How many rows are rounded before their errors go to all later rows: one matrix product instead of many outer products.
BLOCK = 128
# Added to the Hessian's diagonal, as a share of its mean; the paper's own value.
DAMPING = 0.01

Levels = int | NDArray[np.int64]


def round_nearest(weight: NDArray[np.float32], levels: Levels = 127) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round (in, out) to symmetric integers, each to the nearest; return values and scales (out,)."""
    scales = _column_scales(weight, levels)
    return np.clip(np.round(weight / scales), -levels, levels).astype(np.int8), scales


def round_columns(
    weight: NDArray[np.float32], hessian: NDArray[np.float32], levels: Levels = 127
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round (in, out) to symmetric integers of at most `levels`; return values and scales (out,).

    Columns are independent: matrices that read the same inputs may stand side by side.

    Args:
        weight: (in, out).
        hessian: second moments of the inputs (tokens, in), X^T X (in, in).
        levels: the largest integer, of all columns or of each (out,).
    """
    scales = _column_scales(weight, levels)
    order = np.argsort(-np.diag(hessian), kind="stable")
    factor = _inverse_factor(hessian[np.ix_(order, order)])
    left = weight[order].astype(np.float32)
    values = np.empty(left.shape, np.int8)
    for start in range(0, len(left), BLOCK):
        end = min(start + BLOCK, len(left))
        errors = np.empty((end - start, left.shape[1]), np.float32)
        for row in range(start, end):
            rounded = np.clip(np.round(left[row] / scales), -levels, levels)
            values[row] = rounded
            errors[row - start] = (left[row] - rounded * scales) / factor[row, row]
            left[row + 1 : end] -= factor[row, row + 1 : end, None] * errors[row - start]
        left[end:] -= factor[start:end, end:].T @ errors
    restored = np.empty_like(values)
    restored[order] = values
    return restored, scales


def _column_scales(weight: NDArray[np.float32], levels: Levels) -> NDArray[np.float32]:
    """Return for each column (out,) the step of which its largest weight is `levels`."""
    return np.asarray(np.maximum(np.abs(weight).max(axis=0), 1e-9) / levels, np.float32)


def _inverse_factor(hessian: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the upper triangle U with U^T U = hessian^-1, after damping."""
    damped = hessian.astype(np.float64)
    mean = max(float(np.diag(damped).mean()), 1e-12)
    damped[np.diag_indices_from(damped)] += DAMPING * mean
    return np.linalg.cholesky(np.linalg.inv(damped)).T.astype(np.float32)
