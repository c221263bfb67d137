import numpy as np
import pytest

from bench.documents.alike import ORIGINALS, make_alike
from bench.documents.corpus import unit


@pytest.mark.parametrize(("kind", "least", "most"), [("exact", 1.0, 1.0), ("templated", 0.95, 0.999)])
def test_a_share_of_the_rows_is_made_of_few(kind: str, least: float, most: float) -> None:
    before = unit(np.random.default_rng(1).normal(size=(1_000, 64)).astype(np.float32))
    rows = before.copy()
    make_alike(rows, 0.4, kind, 2)
    changed = (rows != before).any(axis=1)
    assert 400 - ORIGINALS <= changed.sum() <= 400
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    nearest = (rows[changed] @ before.T).max(axis=1)
    assert nearest.min() >= least - 1e-4
    assert nearest.max() <= most + 1e-4
