"""What a run costs: measured on a session, one thread on one core, for a grid of shapes; interpolated in between.

A padded batch costs what its shape costs: the graph takes no mask, so padding is computed like text. A real graph with
padding would pay for its mask too, so this favours the policies that pad. In a run of several lengths each text costs
its share of a run of its own length.
"""

import statistics
import time
from collections.abc import Mapping, Sequence

import numpy as np

from bench.graphs.timing import Call, prepare_call, time_round
from bench.workload.traces import MAX_TOKENS
from server.engine.scheduling import Cost, Observation, fit_cost
from server.engine.sessions import Session

# Ends and insides of the lengths that occur (workload/traces.py, batching/policies.py); a run's cost is close to linear
# between neighbours.
LENGTHS = (5, 8, 12, 16, 20, 32, 60, 64, 72, 80, 96, 112, 120, 128, 256)
REPEATS = 2

GridShape = tuple[int, int]  # texts, tokens in each


def grid() -> list[GridShape]:
    """Return the shapes that are measured: at each length, powers of two and the most texts that the budget allows."""
    shapes = []
    for length in LENGTHS:
        most = max(1, MAX_TOKENS // length)
        batches = {2**power for power in range(most.bit_length())} | {most}
        shapes += [(batch, length) for batch in sorted(batches)]
    return shapes


def prepare_calls(session: Session, vocabulary: int, rng: np.random.Generator) -> dict[GridShape, Call]:
    """Return a call for each shape of the grid, which runs it once on random token ids."""
    return {shape: prepare_call(session, rng.integers(0, vocabulary, shape).tolist()) for shape in grid()}


def time_shapes(calls: Mapping[GridShape, Call], rng: np.random.Generator) -> dict[GridShape, float]:
    """Return the seconds of each shape, timed once in random order.

    Processor time of the thread: what another program takes of the core is not the run's cost.
    """
    named = {f"{batch}x{length}": (batch, length) for batch, length in calls}
    order = rng.permutation(list(named)).tolist()
    seconds = time_round({name: calls[shape] for name, shape in named.items()}, order, REPEATS, time.thread_time)
    return {named[name]: value for name, value in seconds.items()}


class RunCosts:
    """Seconds of a run of any shape within the grid: the rounds' medians, linear between neighbours."""

    def __init__(self, rounds: Sequence[Mapping[GridShape, float]]) -> None:
        self._by_length: dict[int, tuple[list[int], list[float]]] = {}
        for batch, length in sorted(rounds[0]):
            batches, seconds = self._by_length.setdefault(length, ([], []))
            batches.append(batch)
            seconds.append(statistics.median(one[batch, length] for one in rounds))
        self._lengths = sorted(self._by_length)
        self._known: dict[tuple[int, int], float] = {}  # by a run's tokens, then its texts' length

    def fit(self) -> Cost:
        """Return the server's own cost model of what was measured."""
        return fit_cost(
            [
                Observation(round(batch * length), round(batch * length * length), seconds)
                for length, (batches, times) in self._by_length.items()
                for batch, seconds in zip(batches, times, strict=True)
            ]
        )

    def __call__(self, lengths: Sequence[int]) -> float:
        """Return the seconds of a run of texts of these lengths.

        Each text has its share, by tokens, of a run that holds as many tokens, all in texts of its length. That is
        exact where a run's cost is a sum: of a constant, of what each token costs and of what each text costs.
        """
        total = sum(lengths)
        return sum(length / total * self._filled(total, length) for length in lengths)

    def _filled(self, total: int, length: int) -> float:
        """Return the seconds of a run of `total` tokens in texts of one length; the last text may be part of one."""
        if (total, length) not in self._known:
            self._known[total, length] = self._interpolate(total / length, length)
        return self._known[total, length]

    def _interpolate(self, batch: float, tokens: int) -> float:
        assert self._lengths[0] <= tokens <= self._lengths[-1]
        above = next(length for length in self._lengths if length >= tokens)
        if above == tokens:
            return self._at_length(batch, tokens)
        below = max(length for length in self._lengths if length < tokens)
        share = (tokens - below) / (above - below)
        return (1 - share) * self._at_length(batch, below) + share * self._at_length(batch, above)

    def _at_length(self, batch: float, length: int) -> float:
        """Return the cost at a length of the grid; beyond its largest batch a text costs what it does in that."""
        batches, seconds = self._by_length[length]
        if batch > batches[-1]:
            return seconds[-1] * batch / batches[-1]
        return float(np.interp(batch, batches, seconds))
