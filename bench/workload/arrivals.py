"""When the requests of an open loop are due: endless streams of seconds from its start."""

import itertools
import random
from collections.abc import Iterator


def steady(per_s: float) -> Iterator[float]:
    return (number / per_s for number in itertools.count())


def poisson(per_s: float, seed: int) -> Iterator[float]:
    """Yield the arrivals of a Poisson process of that rate: independent clients."""
    chance = random.Random(seed)  # noqa: S311 - a load, not a secret
    return itertools.accumulate(chance.expovariate(per_s) for _ in itertools.count())
