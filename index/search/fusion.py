"""Makes one ranking of several: reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009). Pure."""

from collections.abc import Sequence

RANK_CONSTANT = 60  # the paper's
FUSED_ROWS = 100  # how many rows of each ranking are fused, if no more are wanted


def fuse(rankings: Sequence[Sequence[int]]) -> list[tuple[int, float]]:
    """Return each key with the sum of 1 / (60 + rank) over the rankings it stands in, best first."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, 1):
            scores[key] = scores.get(key, 0.0) + 1 / (RANK_CONSTANT + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
