"""Whether a share that is sampled reaches an aim, decided only when the noise of the samples does not decide it."""

from collections.abc import Sequence

import numpy as np

# Looked at when there are so many samples: each look is one more chance to be wrong, so there are few of them.
LOOKS = (16, 32, 64, 128, 256, 512)
MOST_SAMPLES = LOOKS[-1]
FEWEST_SAMPLES = 64  # before an aim counts as reached
EARLY_ERRORS, ERRORS = 3.0, 2.0  # standard errors that the mean must be off by, before FEWEST_SAMPLES and from then on
ONE_MISSED = 0.9  # one sample more, which has missed one of ten: samples that all agree are not free of noise


def verdict(shares: Sequence[float], aim: float) -> bool | None:
    """Say whether the mean of what is sampled reaches the aim; None where more samples may tell.

    With MOST_SAMPLES None says that the mean is so near the aim that they do not tell either.
    """
    count = len(shares)
    if count not in LOOKS:
        return None
    mean = float(np.mean(shares))
    error = float(np.std([*shares, ONE_MISSED])) / np.sqrt(count)
    if count < FEWEST_SAMPLES:
        return False if mean + EARLY_ERRORS * error < aim else None
    if mean - ERRORS * error >= aim:
        return True
    return False if mean + ERRORS * error < aim else None
