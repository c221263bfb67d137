"""A generator with a seed, for traces."""

import numpy as np


def generator() -> np.random.Generator:
    return np.random.default_rng(7)
