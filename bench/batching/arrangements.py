"""Arrangements of the same texts in runs: as they come, padded to the longest of their batch, and sorted first.

In: the texts' token ids, in order. Out: the runs of each arrangement, which the server's queue makes of one batch after
the other, none above its token budget. No clock.
"""

import asyncio
from collections.abc import Sequence

from bench.artifacts import OUTPUT, Encodings
from bench.batching.fifo import pad
from bench.workload.traces import MAX_TOKENS
from server.engine.scheduling import Cost, Job, Limits, Queue

BATCH_TEXTS = 64
# At almost no cost a worker that shares with nobody takes as much as the budget allows.
ANY_COST = Cost(1e-9, 1e-9, 0.0)


def arrange_runs(encodings: Sequence[list[int]]) -> dict[str, list[Encodings]]:
    """Return the runs by arrangement: `ragged`, `padded`, `sorted`."""
    batches = split_batches(encodings)
    arranged = {
        "ragged": batches,
        "padded": [pad(batch) for batch in batches],
        "sorted": split_batches(sorted(encodings, key=len)),
    }
    return {
        name: [run for batch in found for run in asyncio.run(split_runs(batch))] for name, found in arranged.items()
    }


def split_batches(encodings: Sequence[list[int]]) -> list[Encodings]:
    """Return the texts in batches of BATCH_TEXTS; the last batch may be smaller."""
    return [list(encodings[start : start + BATCH_TEXTS]) for start in range(0, len(encodings), BATCH_TEXTS)]


async def split_runs(batch: Encodings) -> list[Encodings]:
    """Return the runs that a worker takes of a request, one after the other, while nothing else arrives."""
    queue = Queue("ragged")
    queue.push(Job(len(batch), OUTPUT), batch)
    runs: list[Encodings] = []
    while queue:
        taken = queue.take(ANY_COST, Limits(MAX_TOKENS, float("inf")), now_s=0.0)
        runs.append([text.ids for text in taken])
    return runs


def count_tokens(runs: Sequence[Encodings]) -> int:
    """Return the tokens of all runs, padding included."""
    return sum(len(ids) for run in runs for ids in run)
