"""The goals of retrieval, in nDCG@10 and for collections of whole documents, whose references are whole documents too.

A goal's name says whether its value may be at most or must be at least the goal.
"""

from collections.abc import Iterator, Mapping

from bench.figures.goal import Goal
from bench.figures.retrieval import (
    BM25,
    EXACT,
    HYBRID,
    OWN,
    SUM,
    TEXT,
    VECTOR,
    CollectionFigures,
    Quality,
    mean_quality,
    served_row,
)

OWN_DISTANCE, FP32_DISTANCE, FP32_MEAN_DISTANCE = 0.001, 0.01, 0.003
TEXT_SHARE, HYBRID_GAIN = 0.97, -0.005

Qualities = Mapping[str, Quality]  # by row


def judge_retrieval(collections: Mapping[str, CollectionFigures]) -> dict[str, Goal]:
    """Compare vecd's three modes with what each should reach."""
    each, mean = [one.quality for one in collections.values()], mean_quality(collections)
    vector, text, hybrid = (_ndcg(mean, served_row(mode)) for mode in (VECTOR, TEXT, HYBRID))
    return {
        "vector's distance to exact over its own vectors, the greatest, at most": _at_most(
            OWN_DISTANCE, max(abs(gain) for gain in _gains(each, VECTOR, OWN))
        ),
        "vector's distance to exact fp32, the greatest, at most": _at_most(
            FP32_DISTANCE, max(abs(gain) for gain in _gains(each, VECTOR, EXACT))
        ),
        "vector's distance to exact fp32, of the means, at most": _at_most(
            FP32_MEAN_DISTANCE, abs(vector - _ndcg(mean, EXACT))
        ),
        "text as a share of bm25s, of the means, at least": _at_least(TEXT_SHARE, _share(text, _ndcg(mean, BM25))),
        "hybrid less the weighted sum of the references, the least, at least": _at_least(
            HYBRID_GAIN, min(_gains(each, HYBRID, SUM))
        ),
        "hybrid less the better of vector and text, of the means, more than": _more_than(
            0.0, hybrid - max(vector, text)
        ),
    }


def _gains(each: list[dict[str, Quality]], mode: str, reference: str) -> Iterator[float]:
    return (_ndcg(one, served_row(mode)) - _ndcg(one, reference) for one in each)


def _ndcg(qualities: Qualities, row: str) -> float:
    return qualities[row].ndcg_at_10


def _share(value: float, of: float) -> float:
    return value / of if of else 1.0


def _at_most(goal: float, value: float) -> Goal:
    return Goal(goal, value, value <= goal)


def _at_least(goal: float, value: float) -> Goal:
    return Goal(goal, value, value >= goal)


def _more_than(goal: float, value: float) -> Goal:
    return Goal(goal, value, value > goal)
