"""Times calls against each other on a noisy machine.

Every round times every call once, in an order of its own, so that a slow spell meets all of them.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.artifacts import OUTPUT, Encodings
from server.engine.sessions import Session

Ids = NDArray[np.int64]  # token ids: (batch, tokens)
Call = Callable[[], object]
Timer = Callable[[int], float]  # repeats in, the median of their seconds out; the call may be made in another process
Graph = Callable[[Ids], Timer]


def time_round(
    calls: Mapping[str, Call], order: Sequence[str], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Return the seconds of each call by its name, timed in that order."""
    return {name: time_call(calls[name], repeats, clock) for name in order}


def time_call(call: Call, repeats: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the median seconds of `repeats` calls, after one that is not timed."""
    call()  # brings its weights back into the caches, where the previous call has put its own
    times = []
    for _ in range(repeats):
        start = clock()
        call()
        times.append(clock() - start)
    return statistics.median(times)


def prepare_call(session: Session, encodings: Encodings, *, all_cores: bool = False) -> Call:
    """Return a call that runs these texts once."""
    return lambda: session.run(encodings, OUTPUT, all_cores=all_cores)
