import numpy as np
import pytest

from bench.documents.corpus import Sentences, unit

QUERIES = 500


@pytest.fixture(scope="package")
def sentences() -> Sentences:
    rows = np.random.default_rng(1).normal(size=(QUERIES + 50, 16)).astype(np.float32)
    return Sentences([f"sentence {number}" for number in range(len(rows))], unit(rows), QUERIES)
