"""The measures against values computed by hand, and against a second implementation over random rankings."""

import math

import numpy as np
import pytest

from bench.errors import BenchError
from bench.retrieval.metrics import measure_quality, ndcg, recall, reciprocal_rank

JUDGED = {"a": 3, "b": 1, "c": 0, "d": 2}


def test_gains_are_linear_and_discounted_by_the_logarithm_of_the_rank() -> None:
    best = 3 + 2 / math.log2(3) + 1 / 2
    assert ndcg(["x", "b", "a"], JUDGED, 10) == pytest.approx((1 / math.log2(3) + 3 / 2) / best)
    assert ndcg(["a", "d", "b", "c"], JUDGED, 10) == 1
    assert ndcg(["c", "x"], JUDGED, 10) == 0
    assert ndcg([], JUDGED, 10) == 0


def test_what_is_below_the_depth_does_not_count_on_either_side() -> None:
    assert ndcg(["x", "a"], JUDGED, 1) == 0
    assert ndcg(["d", "a"], JUDGED, 1) == pytest.approx(2 / 3)
    assert recall(["a", "b", "d"], JUDGED, 2) == pytest.approx(2 / 3)
    assert reciprocal_rank(["x", "y", "b"], JUDGED, 2) == 0


def test_recall_is_of_the_relevant_documents_and_the_first_of_them_gives_the_reciprocal_rank() -> None:
    assert recall(["c", "x", "d"], JUDGED, 100) == pytest.approx(1 / 3)
    assert reciprocal_rank(["c", "x", "d", "a"], JUDGED, 10) == pytest.approx(1 / 3)


def test_quality_is_the_mean_over_the_queries() -> None:
    quality = measure_quality([["a"], ["x", "b"]], [{"a": 1}, {"b": 1, "c": 1}])
    second = (1 / math.log2(3)) / (1 + 1 / math.log2(3))
    assert quality.ndcg_at_10 == pytest.approx((1 + second) / 2)
    assert quality.recall_at_100 == pytest.approx(0.75)
    assert quality.mrr_at_10 == pytest.approx(0.75)


def test_a_document_that_comes_twice_is_refused() -> None:
    with pytest.raises(BenchError, match="holds a document twice"):
        measure_quality([["a", "b", "a"]], [{"a": 1}])


@pytest.mark.parametrize("seed", range(20))
def test_random_rankings_have_the_measures_of_a_naive_implementation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    documents = [f"d{number}" for number in range(150)]
    judged = {name: int(rng.integers(0, 4)) for name in rng.choice(documents, 40, replace=False)} | {"d0": 1}
    ranking = rng.permutation(documents).tolist()[: rng.integers(1, 150)]
    quality = measure_quality([ranking], [judged])

    gains = np.zeros(len(documents))
    gains[: len(ranking)] = [judged.get(name, 0) for name in ranking]
    ideal = np.sort([judged.get(name, 0) for name in documents])[::-1]
    discounts = np.log2(np.arange(2, 12))
    hits = np.flatnonzero(gains)
    first = hits[0] if len(hits) else 10
    assert quality.ndcg_at_10 == pytest.approx((gains[:10] / discounts).sum() / (ideal[:10] / discounts).sum())
    assert quality.recall_at_100 == pytest.approx((gains[:100] > 0).sum() / (ideal > 0).sum())
    assert quality.mrr_at_10 == pytest.approx(1 / (first + 1) if first < 10 else 0)
