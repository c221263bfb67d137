"""Rows as bits: what is near has few that differ, whatever direction all rows share."""

import numpy as np
import pytest

from index.view.sketches import differences, middle_of, ordered, sketches_of
from tests.index.vectors import clustered, unit

EVERY = np.arange(2_000)


def test_integers_stand_in_the_order_of_the_numbers() -> None:
    numbers = np.array([-2.0, -1.0, -0.0, 0.0, 1e-7, 0.5, 2.0], np.float16)
    assert (np.diff(ordered(numbers)) >= 0).all()
    assert ordered(numbers)[4] > ordered(numbers)[3]


def test_the_bits_that_differ_are_counted() -> None:
    rows = np.array([[1, -1] * 8, [1, 1] * 8, [-1, 1] * 8], np.float16)
    sketches = sketches_of(rows, np.arange(3), np.zeros(16, np.float16))
    assert differences(sketches, sketches[:1]).tolist() == [0, 8, 16]
    assert len(differences(sketches[:0], sketches[:1])) == 0


@pytest.mark.parametrize("shared", [0.0, 3.0])
def test_the_nearest_are_among_those_of_few_differing_bits(shared: float) -> None:
    rows = unit(clustered(2_020, 1, 256, clusters=200) + shared * unit(np.ones((1, 256), np.float32)))
    half, asked = rows[:2_000].astype(np.float16), rows[2_000:]
    middle = middle_of(half[::10])
    sketches, found = sketches_of(half, EVERY, middle), 0
    for query in asked:
        sketch = sketches_of(query.astype(np.float16)[None], EVERY[:1], middle)
        few = np.argsort(differences(sketches, sketch), kind="stable")[:200]
        found += len(set(few) & set(np.argsort(-(rows[:2_000] @ query))[:10]))
    assert found >= 0.95 * 10 * len(asked)
