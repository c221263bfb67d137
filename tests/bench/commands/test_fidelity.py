import numpy as np
import pytest

from bench.commands.fidelity import spearman_with_people
from bench.workload.sts import Pair


def turned(*degrees: float) -> list[list[float]]:
    return [[float(np.cos(np.radians(d))), float(np.sin(np.radians(d)))] for d in degrees]


@pytest.mark.parametrize(("scores", "expected"), [((5, 3, 1), 1.0), ((1, 3, 5), -1.0), ((5, 1, 3), 0.5)])
def test_spearman_compares_the_order_of_the_cosines_with_that_of_the_scores(
    scores: tuple[float, ...], expected: float
) -> None:
    pairs = [Pair("", "", score) for score in scores]
    rows = np.array(turned(0, 0, 0) + turned(10, 45, 80), np.float32)
    assert spearman_with_people(pairs, rows) == pytest.approx(expected)
