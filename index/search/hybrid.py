"""The hybrid search: what a vector and words found made one ranking, and of each document both scores.

For every document that either found, the cosine and BM25 are known, so a place in one ranking never depends on how deep
the other was read.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from index.documents.query import Explanation, Part, Query
from index.search.candidates import Ranking
from index.search.fusion import fuse_ranks, fuse_scores, normalized_cosines, normalized_matches
from index.words.ranking import Matching
from index.words.ties import ordered

Cosines = Callable[[Sequence[int]], Mapping[int, float]]


class Hybrid(msgspec.Struct, frozen=True):
    """The fused ranking, best first, and what it was made of, by key."""

    ranking: Ranking
    vector: "Side"
    text: "Side"

    def explanation(self, key: int) -> Explanation:
        return Explanation(self.vector.part(key), self.text.part(key))


class Side(msgspec.Struct, frozen=True):
    """The scores of one side, and either their normalized values or their ranks."""

    scores: Mapping[int, float]
    normalized: Mapping[int, float] = {}
    ranks: Mapping[int, int] = {}

    def part(self, key: int) -> Part | None:
        score = self.scores.get(key)
        return None if score is None else Part(score, self.normalized.get(key), self.ranks.get(key))


def fused(query: Query, by_vector: Ranking, by_words: Ranking, matching: Matching, cosines: Cosines) -> Hybrid:
    """Fuse both rankings as the query wants it."""
    if query.fusion == "rrf":
        return by_ranks(by_vector, by_words)
    return by_scores(query.weight, by_vector, by_words, matching, cosines)


def by_scores(weight: float, by_vector: Ranking, by_words: Ranking, matching: Matching, cosines: Cosines) -> Hybrid:
    """Fuse by the weighted sum of scores, after finding out those that one of the rankings lacks."""
    near, matches = dict(by_vector), dict(by_words)
    only_words = [key for key in matches if key not in near]
    only_vector = [key for key in near if key not in matches]
    near |= cosines(only_words)
    matches = dict(ordered(matches | matching.scores(only_vector)))
    vector, text = normalized_cosines(near), normalized_matches(matches, matching.worth())
    return Hybrid(fuse_scores(near, vector, text, weight), Side(near, vector), Side(matches, text))


def by_ranks(by_vector: Ranking, by_words: Ranking) -> Hybrid:
    """Fuse by reciprocal ranks."""
    keys = [[key for key, _ in ranking] for ranking in (by_vector, by_words)]
    vector, text = ({key: rank for rank, key in enumerate(ranked, 1)} for ranked in keys)
    return Hybrid(fuse_ranks(keys), Side(dict(by_vector), ranks=vector), Side(dict(by_words), ranks=text))
