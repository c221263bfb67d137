"""Simulates a policy on a trace: workers of one thread each take a run as soon as they are idle.

In: a trace, a policy, what a run costs, a number of workers. Out: when each text was done and what was computed for it.
A discrete-event simulation, exact for the costs it is given: no clock, no threads.
"""

import heapq
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from bench.batching.policies import Policy
from bench.figures.batching import PolicyFigures
from bench.workload.traces import SHORT_TOKENS, Trace

# The seconds of a run, by the tokens of each of its texts, padding included.
Cost = Callable[[Sequence[int]], float]


class Served(msgspec.Struct, frozen=True):
    """When each text was done, in seconds, in the trace's order; the runs, and their tokens with padding."""

    finished_s: list[float]
    runs: int
    computed_tokens: int


def simulate(trace: Trace, policy: Policy, cost: Cost, workers: int) -> Served:
    free_s = [0.0] * workers
    queue, waiting = policy(), 0
    finished_s = [0.0] * len(trace.lengths)
    arrived = runs = computed_tokens = 0
    while waiting or arrived < len(trace.lengths):
        now = heapq.heappop(free_s)
        if not waiting:
            now = max(now, trace.arrivals_s[arrived])
        while arrived < len(trace.lengths) and trace.arrivals_s[arrived] <= now:
            queue.arrive(arrived, trace.lengths[arrived])
            waiting += 1
            arrived += 1
        run = queue.take([max(0.0, free - now) for free in free_s])
        waiting -= len(run.places)
        done = now + cost(run.tokens)
        for place in run.places:
            finished_s[place] = done
        heapq.heappush(free_s, done)
        runs += 1
        computed_tokens += sum(run.tokens)
    return Served(finished_s, runs, computed_tokens)


def summarize(trace: Trace, served: Served) -> PolicyFigures:
    tokens = sum(trace.lengths)
    waits_ms = 1e3 * (np.array(served.finished_s) - trace.arrivals_s)
    short = np.array(trace.lengths) <= SHORT_TOKENS
    p50, p99 = np.quantile(waits_ms, [0.5, 0.99])
    return PolicyFigures(
        tokens_per_s=tokens / max(served.finished_s),
        padding_share=1 - tokens / served.computed_tokens,
        runs=served.runs,
        p50_ms=float(p50),
        p99_ms=float(p99),
        short_p99_ms=float(np.quantile(waits_ms[short], 0.99)),
    )
