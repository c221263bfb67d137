"""Which scores are equal, and in which order documents of equal scores stand. Pure."""

import math
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]
Scores = NDArray[np.float64]
Ranking = list[tuple[int, float]]

ROUNDING = 2e-6  # within which scores are equal: the index rounds to float32


class Best(msgspec.Struct, frozen=True, eq=False):
    """Documents by key (n,) int64 with their scores (n,) float64, which descend."""

    keys: Keys
    scores: Scores

    def __len__(self) -> int:
        return len(self.keys)

    def among(self, keys: Keys) -> "Best":
        """Return those with these keys, which ascend, in the same order."""
        if not len(keys):
            return NONE
        places = np.minimum(np.searchsorted(keys, self.keys), len(keys) - 1)
        return self.at(keys[places] == self.keys)

    def at(self, places: NDArray[np.int64] | NDArray[np.bool_] | slice) -> "Best":
        return Best(self.keys[places], self.scores[places])

    def above_the_last(self) -> "Best":
        """Return those that are better than the last one: of those equal to it there may be others, and older ones."""
        return self.at(self.scores * (1 - ROUNDING) >= self.scores[-1:])


NONE = Best(np.empty(0, np.int64), np.empty(0, np.float64))


def descending(parts: list[Best]) -> Best:
    """Return all of these."""
    keys = np.concatenate([NONE.keys, *(part.keys for part in parts)])
    scores = np.concatenate([NONE.scores, *(part.scores for part in parts)])
    order = np.argsort(-scores, kind="stable")
    return Best(keys[order], scores[order])


def in_order(best: Best) -> Best:
    """Return the same, of equal scores the older document first; each keeps its own score, rounded as it is."""
    return best.at(np.lexsort((best.keys, -levelled(best.scores))))


def ordered(scores: Mapping[int, float]) -> Ranking:
    """Return (key, score), best first, of equal ones the older first; they have the greatest of their scores."""
    keys = np.fromiter(scores.keys(), np.int64, len(scores))
    values = np.fromiter(scores.values(), np.float64, len(scores))
    by_score = np.argsort(-values, kind="stable")
    level = levelled(values[by_score])
    order = np.lexsort((keys[by_score], -level))
    return list(zip(keys[by_score][order].tolist(), level[order].tolist(), strict=True))


def levelled(scores: Scores) -> Scores:
    """Return scores, which descend, each as the first of those that it is equal to."""
    if not len(scores):
        return scores
    near = scores[1:] >= scores[:-1] * (1 - ROUNDING)
    starts = np.flatnonzero(np.concatenate([[True], ~near]))
    level = np.repeat(scores[starts], np.diff(starts, append=len(scores)))
    if (scores >= level * (1 - ROUNDING)).all():
        return level
    return stepwise(scores)  # a chain of near ones, of which the ends are not


def stepwise(scores: Scores) -> Scores:
    level, first = [], math.inf
    for score in scores.tolist():
        first = first if score >= first * (1 - ROUNDING) else score
        level.append(first)
    return np.array(level, np.float64)
