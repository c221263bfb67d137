"""What a search has found beside the index of words: documents that came late, scored as the index would. Pure."""

from collections.abc import Mapping

import msgspec

from index.words.bm25 import Weights, relevance
from index.words.sought import Sought


class Late(msgspec.Struct, frozen=True, eq=False):
    """Documents by key with their lengths, and which hold what is sought; of a stem, how often."""

    lengths: Mapping[int, int] = {}
    counts: Mapping[str, Mapping[int, int]] = {}
    phrases: Mapping[tuple[str, ...], set[int]] = {}
    beginning: set[int] = set()
    forgiven: Mapping[str, set[int]] = {}

    @property
    def average_length(self) -> float:
        return sum(self.lengths.values()) / len(self.lengths) if self.lengths else 0.0

    def holding(self, stem: str) -> int:
        """Return how many documents hold a stem."""
        return len(self.counts.get(stem, ()))

    def scores(self, sought: Sought, weights: Weights) -> dict[int, float]:
        """Return the score of each document that is among those that are sought."""
        scores: dict[int, float] = {}
        for stem, weight in weights.rarities.items():
            for key, count in self.counts.get(stem, {}).items():
                relevant = relevance(count, self.lengths[key], weights.average_length)
                scores[key] = scores.get(key, 0.0) + weight * relevant
        constant = [(weights.phrases[phrase], keys) for phrase, keys in self.phrases.items()]
        constant += [(weights.beginning, self.beginning)]
        constant += [(weights.forgiven[word], keys) for word, keys in self.forgiven.items()]
        for weight, keys in constant:
            for key in keys:
                scores[key] = scores.get(key, 0.0) + weight
        if sought.demanded:
            holding_all = set.intersection(*self.phrases.values()) if self.phrases else set()
            scores = {key: score for key, score in scores.items() if key in holding_all}
        return scores
