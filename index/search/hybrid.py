"""The hybrid search: what a vector and words found made one ranking, and of each document both scores.

For every document that either found, the cosine and BM25 are known, so a place in one ranking never depends on how deep
the other was read.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from index.documents.query import Explanation, Part, Query
from index.search.candidates import Ranking
from index.search.fusion import fuse_ranks, fuse_scores, normalized_cosines, normalized_matches
from index.words.ranking import Matching, ordered

Cosines = Callable[[Sequence[int]], Mapping[int, float]]


class Hybrid(msgspec.Struct, frozen=True):
    """The fused ranking, best first, and the parts of its scores by key."""

    ranking: Ranking
    vector: Mapping[int, Part]
    text: Mapping[int, Part]

    def explanation(self, key: int) -> Explanation:
        return Explanation(self.vector.get(key), self.text.get(key))


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
    return Hybrid(
        fuse_scores(near, vector, text, weight),
        {key: Part(score, normalized=vector[key]) for key, score in near.items()},
        {key: Part(score, normalized=text[key]) for key, score in matches.items()},
    )


def by_ranks(by_vector: Ranking, by_words: Ranking) -> Hybrid:
    """Fuse by reciprocal ranks."""
    return Hybrid(
        fuse_ranks([[key for key, _ in ranking] for ranking in (by_vector, by_words)]),
        {key: Part(score, rank=rank) for rank, (key, score) in enumerate(by_vector, 1)},
        {key: Part(score, rank=rank) for rank, (key, score) in enumerate(by_words, 1)},
    )
