"""Chooses hits that are relevant and not alike: maximal marginal relevance (Carbonell, Goldstein, SIGIR 1998). Pure."""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Relevance = NDArray[np.float64]

EQUAL = 1e-6  # values that differ by less are equal, and the better rank is first: float32 tells no more


def diverse(relevance: Relevance, rows: Rows, count: int, diversity: float) -> list[int]:
    """Return the places of so many documents, in the order in which they are chosen.

    Their relevance (n,) descends, and their vectors are rows (n, ndim) of unit length. Each time the one is chosen for
    which `(1 - diversity) * relevance - diversity * likeness` is greatest: likeness is the greatest cosine to those
    chosen before it, 0 while there are none.
    """
    likeness = np.full(len(relevance), -np.inf, np.float64)
    worth = (1 - diversity) * relevance
    cosines = rows @ rows.T  # of all at once: a tenth of the time that a row after the other takes
    chosen: list[int] = []
    left = np.ones(len(relevance), np.bool_)
    for _ in range(min(count, len(relevance))):
        values = worth - diversity * likeness if chosen else worth
        values = np.where(left, values, -np.inf)
        place = int(np.argmax(values >= values.max() - EQUAL))
        chosen.append(place)
        left[place] = False
        likeness = np.maximum(likeness, cosines[place])
    return chosen


def relative(scores: Relevance) -> Relevance:
    """Return scores (n,), which descend, divided by the greatest; 0 where none is above 0."""
    greatest = scores[0] if len(scores) else 0.0
    return scores / greatest if greatest > 0 else np.zeros_like(scores)
