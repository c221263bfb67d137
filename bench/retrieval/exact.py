"""Exact search by cosine: every document is compared with every query, in numpy."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.artifacts import Rows

Cosines = NDArray[np.float32]  # of a query with all documents: (documents,)
Order = NDArray[np.int64]  # places of documents, best first


def unit(rows: Rows) -> Rows:
    """Return the rows (texts, ndim) with length 1."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def nearest(queries: Rows, documents: Rows, top_k: int) -> list[Order]:
    """Return for each query the places of the documents of greatest cosine; of equal ones the earlier comes first."""
    near, asked = unit(documents), unit(queries)
    return [best(near @ query, top_k) for query in asked]


def best(scores: Cosines, top_k: int) -> Order:
    """Return the places of the greatest scores, greatest first; of equal ones the earlier comes first."""
    return np.argsort(-scores, kind="stable")[:top_k]


def name_orders(orders: Sequence[Order], ids: Sequence[str]) -> list[list[str]]:
    """Return the documents' ids in the place of their places."""
    return [[ids[place] for place in order] for order in orders]
