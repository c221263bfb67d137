"""How good rankings are, as trec_eval and BEIR count it: nDCG@10 with linear gains, recall@100, MRR@10.

In: for each query the documents' ids, best first, and its judgments. A document that is not judged is not relevant.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from bench.errors import BenchError
from bench.figures.retrieval import Quality

Ranking = Sequence[str]
Judgments = Mapping[str, int]

NDCG_DEPTH, RECALL_DEPTH, MRR_DEPTH = 10, 100, 10


def measure_quality(rankings: Sequence[Ranking], judgments: Sequence[Judgments]) -> Quality:
    """Return the means over the queries. Each query needs a relevant document, one whose relevance is above 0.

    Raises:
        BenchError: a ranking holds a document twice, which would count twice.
    """
    for ranking in rankings:
        if len(set(ranking)) < len(ranking):
            message = "a ranking holds a document twice, so its measures would be too high"
            raise BenchError(message)
    pairs = list(zip(rankings, judgments, strict=True))
    return Quality(
        ndcg_at_10=_mean(ndcg(ranking, judged, NDCG_DEPTH) for ranking, judged in pairs),
        recall_at_100=_mean(recall(ranking, judged, RECALL_DEPTH) for ranking, judged in pairs),
        mrr_at_10=_mean(reciprocal_rank(ranking, judged, MRR_DEPTH) for ranking, judged in pairs),
    )


def ndcg(ranking: Ranking, judged: Judgments, depth: int) -> float:
    """Return the discounted gain, relevance / log2(rank + 1), as a share of the best that an order could have."""
    found = _discounted([judged.get(document, 0) for document in ranking[:depth]])
    return found / _discounted(sorted(judged.values(), reverse=True)[:depth])


def recall(ranking: Ranking, judged: Judgments, depth: int) -> float:
    """Return the share of the relevant documents that stand among the first."""
    relevant = _relevant(judged)
    return len(relevant & set(ranking[:depth])) / len(relevant)


def reciprocal_rank(ranking: Ranking, judged: Judgments, depth: int) -> float:
    """Return 1 / rank of the first relevant document, and 0 where none is among the first."""
    relevant = _relevant(judged)
    return next((1 / rank for rank, document in enumerate(ranking[:depth], 1) if document in relevant), 0.0)


def _discounted(gains: Sequence[int]) -> float:
    return math.fsum(max(0, gain) / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _relevant(judged: Judgments) -> set[str]:
    return {document for document, relevance in judged.items() if relevance > 0}


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found)
