"""Searches of a collection: how long they take, and how many of the nearest by exact float32 they find."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.artifacts import Rows
from bench.documents.corpus import FILTERS, Corpus
from bench.figures.index import Filtered, Milliseconds
from index import Collection, Hit, Query

TOP_K = 10
LEAST_COSINE = -1.0  # leaves no document out
SCORE_NOISE = 1e-6
TOGETHER = 16  # queries whose exact scores are computed at once


def vector_query(row: Rows, filter_: Mapping[str, Any] | None = None) -> Query:
    """Return a search by vector that gives the 10 nearest documents, however far they are."""
    return Query(vector=row, top_k=TOP_K, threshold=LEAST_COSINE, filter=None if filter_ is None else dict(filter_))


def recall_at_10(hits: Sequence[Sequence[Hit]], queries: Sequence[Rows], rows: Rows, left: NDArray[np.int64]) -> float:
    """Return the share of the nearest documents by exact float32 that was found; `left` are the numbers allowed."""
    allowed = rows[left] if len(left) < len(rows) else rows
    found = wanted = 0
    for start in range(0, len(queries), TOGETHER):
        together = slice(start, start + TOGETHER)
        every = allowed @ np.stack(queries[together]).T
        for scores, given in zip(every.T, hits[together], strict=True):
            nearest = left[nearest_of(scores)]
            found += len({f"/{number}" for number in nearest} & {hit.id[hit.id.index("/") :] for hit in given})
            wanted += len(nearest)
    return found / wanted


def nearest_of(scores: Rows) -> NDArray[np.int64]:
    """Return the positions of the highest scores, the highest first; of equal ones the first."""
    count = min(TOP_K, len(scores))
    if not count:
        return np.empty(0, np.int64)
    high = np.flatnonzero(scores >= np.partition(scores, len(scores) - count)[len(scores) - count])
    return np.asarray(high[np.argsort(-scores[high], kind="stable")][:count])


def recall_by_score(hits: Sequence[Sequence[Hit]], queries: Sequence[Rows], rows: Rows) -> float:
    """Return the share of the ten best scores by exact float32 that was reached: of equal rows any will do."""
    reached = 0
    for query, given in zip(queries, hits, strict=True):
        tenth = float(np.sort(rows @ query)[-TOP_K])
        reached += min(TOP_K, sum(hit.score >= tenth - SCORE_NOISE for hit in given))
    return reached / TOP_K / len(queries)


def time_each(search: Callable[[Query], object], queries: Sequence[Query]) -> list[float]:
    """Return the milliseconds of each search, one after the other."""
    return list(_timed(search, queries))


def _timed(search: Callable[[Query], object], queries: Sequence[Query]) -> Iterator[float]:
    for query in queries:
        start = time.perf_counter()
        search(query)
        yield 1000 * (time.perf_counter() - start)


def best_of(rounds: Sequence[Sequence[float]]) -> Milliseconds:
    """Return the least of each percentile over the rounds."""
    p50s, p99s = zip(*(np.percentile(found, [50, 99]).tolist() for found in rounds), strict=True)
    return Milliseconds(min(p50s), min(p99s))


def time_rounds(collection: Collection, queries: Sequence[Query], rounds: int) -> Milliseconds:
    """Time all searches in every round, after some that do not count."""
    time_each(collection.search, queries[: len(queries) // 5])
    return best_of([time_each(collection.search, queries) for _ in range(rounds)])


def measure_filters(
    collection: Collection, corpus: Corpus, queries: Sequence[Rows], rounds: int
) -> dict[str, Filtered]:
    """Measure searches under each of FILTERS, by the share of the documents that it leaves."""
    measured = {}
    for share, filter_ in FILTERS.items():
        asked = [vector_query(row, filter_) for row in queries]
        left = corpus.left_by(filter_, len(corpus))
        recall = recall_at_10([collection.search(query) for query in asked], queries, corpus.rows, left)
        times = time_rounds(collection, asked, rounds)
        measured[share] = Filtered(recall, times.p50, times.p99)
    return measured
