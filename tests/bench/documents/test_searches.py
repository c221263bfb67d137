import numpy as np
import pytest

from bench.documents.corpus import unit
from bench.documents.searches import best_of, nearest_of, recall_at_10
from bench.figures.index import Milliseconds
from index import Hit


def test_recall_counts_the_nearest_that_are_allowed() -> None:
    rows = unit(np.array([[1, 0], [1, 0.1], [1, 0.2], [0, 1]], np.float32))
    hits = [Hit(f"document/{number}", "", 0, {}) for number in (0, 1)]
    everything = np.arange(4)
    assert recall_at_10([hits], [rows[0]], rows, everything) == 0.5
    assert recall_at_10([hits], [rows[0]], rows, everything[:2]) == 1


def test_each_percentile_is_of_its_own_best_round() -> None:
    assert best_of([[1, 1, 1, 9], [2, 2, 2, 2]]) == Milliseconds(1, 2)


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 3_000])
def test_the_nearest_are_the_first_of_equal_ones(count: int) -> None:
    scores = np.random.default_rng(count).integers(0, 20, count).astype(np.float32)
    assert nearest_of(scores).tolist() == np.argsort(-scores, kind="stable")[:10].tolist()
