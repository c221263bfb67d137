"""When requests are due in an open loop: seconds from its start, without end."""

import itertools
import random
from collections.abc import Iterator


def steady(per_s: float) -> Iterator[float]:
    """Yield the times of a constant rate."""
    return (number / per_s for number in itertools.count())


def poisson(per_s: float, seed: int) -> Iterator[float]:
    """Yield the times of a Poisson process of that rate: independent callers, none aware of the others."""
    chance = random.Random(seed)  # noqa: S311 - a load, not a secret
    return itertools.accumulate(chance.expovariate(per_s) for _ in itertools.count())
