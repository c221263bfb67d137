"""The nearest of several queries at once are those of each alone."""

import numpy as np
import pytest

from index.view.sampling import BLOCK_ROWS, SAME, nearest_scores
from index.view.scores import scores_of
from tests.index.vectors import NDIM, clustered


@pytest.mark.parametrize("count", [1, 9, BLOCK_ROWS, BLOCK_ROWS + 1, 3 * BLOCK_ROWS + 77])
@pytest.mark.parametrize("together", [1, 3, 16])
def test_scores_are_those_of_each_query_alone(count: int, together: int) -> None:
    rows = clustered(count, 3, clusters=50, spread=1.0).astype(np.float16)
    queries = clustered(together, 4, clusters=50, spread=1.0).astype(np.float16)
    there = np.random.default_rng(5).random(count) < 0.7
    found = nearest_scores(rows, there, queries, 10)
    assert len(found) == together
    for query, scores in zip(queries, found, strict=True):
        expected = np.sort(scores_of(rows, query)[there])[-10:]
        assert scores == pytest.approx(expected, abs=float(SAME))


def test_equal_scores_count_each() -> None:
    rows = np.repeat(clustered(2, 3, clusters=2, spread=1.0), 8, axis=0).astype(np.float16)
    (found,) = nearest_scores(rows, np.ones(16, np.bool_), rows[:1], 10)
    assert len(found) == 10
    assert (found[2:] == found[-1]).all()


def test_rows_that_are_not_there_are_not_found() -> None:
    rows = clustered(4, 3, clusters=4, spread=1.0).astype(np.float16)
    assert [len(scores) for scores in nearest_scores(rows, np.zeros(4, np.bool_), rows, 10)] == [0, 0, 0, 0]
    assert nearest_scores(np.empty((0, NDIM), np.float16), np.zeros(0, np.bool_), rows[:1], 3)[0].shape == (0,)
