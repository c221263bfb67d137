"""Makes one ranking of what a vector and words found: by their scores, or by reciprocal ranks. Pure.

The options and their figures: docs/decisions/0016-fusion-by-scores.md.
"""

from collections.abc import Mapping, Sequence

FUSED_ROWS = 100  # how many documents of each ranking are fused, if no more are wanted
UNRELATED_SHARE = 0.35  # a cosine of so much of the greatest counts as 0
MATCH_SHARE = 1 / 3  # of a document that holds all words: a best match that is worth less does not count as 1
RANK_CONSTANT = 60  # of Cormack, Clarke and Büttcher, SIGIR 2009

Scores = Mapping[int, float]


def depth_for(wanted: int, most: int) -> int:
    """Return how many documents of each ranking are fused where so many are wanted: 100, 200, 400 ... at most `most`.

    So pages that follow each other are of one ranking, as far as possible.
    """
    depth = FUSED_ROWS
    while depth < wanted:
        depth *= 2
    return min(depth, most)


def normalized_cosines(cosines: Scores) -> dict[int, float]:
    """Return the cosines by key from 0 to 1: the greatest is 1, and what is far below it 0; none above 0, all are."""
    greatest = max(cosines.values(), default=0.0)
    if greatest <= 0:
        return dict.fromkeys(cosines, 0.0)
    least = UNRELATED_SHARE * greatest
    return {key: max(0.0, (cosine - least) / (greatest - least)) for key, cosine in cosines.items()}


def normalized_matches(scores: Scores, worth: float) -> dict[int, float]:
    """Return the scores of BM25 by key from 0 to 1, in proportion.

    The greatest is 1, unless it is little beside `worth`, what a document with every word of the query would have.
    """
    unit = max(max(scores.values(), default=0.0), MATCH_SHARE * worth)
    return {key: score / unit if unit > 0 else 0.0 for key, score in scores.items()}


def fuse_scores(cosines: Scores, vector: Scores, text: Scores, weight: float) -> list[tuple[int, float]]:
    """Return each key with the weighted sum of its normalized scores, from 0 to 1, best first.

    `weight` is that of `vector`. A key that a mapping lacks has 0 there. Of equal sums the greater cosine is first, of
    equal cosines the older document.
    """
    keys = vector.keys() | text.keys()
    sums = {key: weight * vector.get(key, 0.0) + (1 - weight) * text.get(key, 0.0) for key in keys}
    return sorted(sums.items(), key=lambda item: (-item[1], -cosines.get(item[0], -1.0), item[0]))


def fuse_ranks(rankings: Sequence[Sequence[int]]) -> list[tuple[int, float]]:
    """Return each key with the sum of 1 / (60 + rank) over the rankings it stands in, best first."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, 1):
            scores[key] = scores.get(key, 0.0) + 1 / (RANK_CONSTANT + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
