"""The weighted sum of two references: what hybrid search of whole documents should at least reach.

A query's candidates are the first TOP_K by cosine and the first TOP_K by BM25. Every candidate counts with its own
cosine and its own BM25, also where it is among the first of one alone. Cosines are brought to 0..1 by the least and the
greatest of the candidates; BM25 is divided by the greatest of the candidates; each counts WEIGHT.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.retrieval.exact import Order, best

TOP_K, WEIGHT = 100, 0.5

Scores = NDArray[np.float64]  # of candidates: (candidates,)


def candidates(by_cosine: Sequence[int], by_words: Sequence[int]) -> list[int]:
    """Return the places of the documents of either order, those of the first before the others."""
    return list(dict.fromkeys([*by_cosine, *by_words]))


def weighted_sum(places: Sequence[int], cosines: Scores, words: Scores, top_k: int = TOP_K) -> Order:
    """Return the places of the candidates by the sum of both scores, best first."""
    low, high = cosines.min(), cosines.max()
    near = (cosines - low) / (high - low) if high > low else np.ones_like(cosines)
    most = words.max()
    said = words / most if most > 0 else np.zeros_like(words)
    order = best((WEIGHT * near + (1 - WEIGHT) * said).astype(np.float32), top_k)
    return np.asarray(places, np.int64)[order]
