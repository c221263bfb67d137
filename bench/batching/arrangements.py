"""Ways of making runs of the same texts: as they come, filled up to the longest of their batch, and sorted first.

In: the texts' token ids, in order. Out: each way's runs, made by the server's queue of one batch after the other, none
above its token budget. No clock.
"""

import asyncio
from collections.abc import Sequence

from bench.batching.policies import MAX_TOKENS
from server import Cost, Job, Limits, Queue

BATCH_TEXTS = 64
# Any id costs the same.
PADDING_ID = 0
# At next to no cost a worker that has nobody to share with takes as much as the budget allows.
ANY_COST = Cost(1e-9, 1e-9, 0.0)

Encodings = list[list[int]]


def build_ways(encodings: Sequence[list[int]]) -> dict[str, list[Encodings]]:
    """Return the runs by way: `ragged`, `padded`, `sorted`."""
    batches = split_batches(encodings)
    ways = {
        "ragged": batches,
        "padded": [fill_up(batch) for batch in batches],
        "sorted": split_batches(sorted(encodings, key=len)),
    }
    return {way: [run for batch in found for run in asyncio.run(split_runs(batch))] for way, found in ways.items()}


def split_batches(encodings: Sequence[list[int]]) -> list[Encodings]:
    """Return the texts in batches of BATCH_TEXTS; the last one may be smaller."""
    return [list(encodings[start : start + BATCH_TEXTS]) for start in range(0, len(encodings), BATCH_TEXTS)]


def fill_up(batch: Encodings) -> Encodings:
    """Return the batch with every text filled up to its longest."""
    longest = max(map(len, batch))
    return [ids + [PADDING_ID] * (longest - len(ids)) for ids in batch]


async def split_runs(batch: Encodings) -> list[Encodings]:
    """Return the runs that a worker takes of a request, one after the other, while nothing else arrives."""
    queue = Queue("ragged")
    queue.push(Job(len(batch), "sentence_embedding"), batch)
    runs: list[Encodings] = []
    while queue:
        taken = queue.take(ANY_COST, Limits(MAX_TOKENS, float("inf")), now_s=0.0)
        runs.append([text.ids for text in taken])
    return runs


def count_tokens(runs: Sequence[Encodings]) -> int:
    """Return the tokens of all runs, padding included."""
    return sum(len(ids) for run in runs for ids in run)
