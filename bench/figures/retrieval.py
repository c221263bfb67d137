"""The figures of `bench retrieval`: how good every ranking is, by row and test collection; and their tables."""

import statistics
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import field

from bench.figures.goal import Goal
from bench.figures.origin import Origin
from bench.figures.outcomes import align

TOP_K = 100  # of every ranking
EXACT, OWN, BM25, SUM = "exact fp32", "exact, vecd's vectors", "bm25s", "weighted sum of the references"
REFERENCES = (EXACT, OWN, BM25, SUM)
VECTOR, TEXT, HYBRID = MODES = ("vector", "text", "hybrid")
WHOLE, PASSAGES = KINDS = ("whole documents", "passages")
MEASURES = {"ndcg_at_10": "nDCG@10", "recall_at_100": "recall@100", "mrr_at_10": "MRR@10"}


def served_row(mode: str, kind: str = WHOLE) -> str:
    """Return the name of the row of one of vecd's MODES, in a collection of one of KINDS."""
    return f"vecd {mode}, {kind}"


SERVED = tuple(served_row(mode, kind) for kind in KINDS for mode in MODES)
ROWS = (*REFERENCES, *SERVED)


class Quality(msgspec.Struct, frozen=True):
    """Means over the judged queries; each is 1 where every ranking is as good as can be."""

    ndcg_at_10: float
    recall_at_100: float
    mrr_at_10: float


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds of searches over HTTP for TOP_K hits with their texts, one at a time, as their client sees them."""

    p50: float
    p99: float


class CollectionFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A test collection: how good each of ROWS is, and by row how long vecd's searches take.

    Documents without a text are left out, and so are queries without a text or a relevant document.
    `documents_per_s` become durable, by kind of collection, sent as one stream of NDJSON.
    """

    documents: int
    queries: int
    documents_left_out: int
    queries_left_out: int
    quality: dict[str, Quality]
    search_ms: dict[str, Latency]
    documents_per_s: dict[str, float]


class RetrievalFigures(Origin, frozen=True, kw_only=True):
    """Figures by test collection, and the means over the collections by row."""

    collections: dict[str, CollectionFigures]
    mean: dict[str, Quality]
    goals: dict[str, Goal] = field(default_factory=dict)
    bm25_versions: dict[str, str] = field(default_factory=dict)


def mean_quality(collections: Mapping[str, CollectionFigures]) -> dict[str, Quality]:
    """Return the means over the collections, each of which counts the same, however many queries it has."""
    qualities = [one.quality for one in collections.values()]
    return {row: Quality(*(_mean(qualities, row, measure) for measure in MEASURES)) for row in qualities[0]}


def _mean(qualities: Sequence[Mapping[str, Quality]], row: str, measure: str) -> float:
    return statistics.fmean(getattr(one[row], measure) for one in qualities)


def render_table(figures: RetrievalFigures) -> list[str]:
    lines = []
    for measure, title in MEASURES.items():
        rows = [(title, *figures.collections, "mean")]
        for row, mean in figures.mean.items():
            found = [one.quality[row] for one in figures.collections.values()]
            rows.append((row, *(f"{getattr(one, measure):.4f}" for one in [*found, mean])))
        lines += [*align(rows), ""]
    return [*lines, *_costs(figures), "", *map(_goal_line, figures.goals, figures.goals.values())]


def _costs(figures: RetrievalFigures) -> list[str]:
    collections = figures.collections.values()
    rows = [("p50 / p99 ms of a search", *figures.collections)]
    for row in next(iter(collections)).search_ms:
        times = [one.search_ms[row] for one in collections]
        rows.append((row, *(f"{time.p50:.1f} / {time.p99:.1f}" for time in times)))
    rows += [
        (f"documents/s, {kind}", *(f"{one.documents_per_s[kind]:,.0f}" for one in collections))
        for kind in next(iter(collections)).documents_per_s
    ]
    return align(rows)


def _goal_line(name: str, goal: Goal) -> str:
    value = "not measured" if goal.value is None else f"{goal.value:.4f}"
    return f"{name} {goal.goal:g}: {value}, {'met' if goal.met else 'missed'}"
