"""Times calls against each other on a noisy machine.

Every round times every call once, in an order of its own, so that a slow spell meets all of them; a ratio is taken
within each round, and its median over the rounds reported with the spread of its middle half.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

Call = Callable[[], object]
Timer = Callable[[int], float]  # repeats in, the median of their seconds out; wherever the call itself is made


class Ratio(msgspec.Struct, frozen=True):
    """The median over the rounds, and how far apart the quartiles are."""

    median: float
    interquartile_range: float


def time_round(
    calls: Mapping[str, Call], order: Sequence[str], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Return the seconds of each call by its name, timed in that order."""
    return {name: time_call(calls[name], repeats, clock) for name in order}


def time_call(call: Call, repeats: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the median of the seconds of so many calls, after one that is not timed."""
    call()  # brings its weights back into the caches, where the call before has put its own
    times = []
    for _ in range(repeats):
        start = clock()
        call()
        times.append(clock() - start)
    return statistics.median(times)


def speed_ratio(first: Sequence[float], second: Sequence[float]) -> Ratio:
    """Compare two calls' seconds, round by round: above 1, the first is the faster one."""
    ratios = np.divide(second, first)
    low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    return Ratio(float(middle), float(high - low))
