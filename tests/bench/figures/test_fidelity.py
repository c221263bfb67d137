import numpy as np
import pytest

from bench.figures.fidelity import row_cosines


def test_a_cosine_does_not_depend_on_the_rows_length() -> None:
    rows = np.array([[1, 0], [1, 1], [0, 3]], np.float32)
    others = np.array([[5, 0], [1, 0], [0, -2]], np.float32)
    assert row_cosines(rows, others) == pytest.approx([1.0, 2**-0.5, -1.0])
