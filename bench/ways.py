"""Ways of making runs of the same texts: as they come, filled up to the longest of their batch, and sorted first.

In: the texts' token ids, in order. Out: each way's runs, made by the server's queue of one batch after the other, none
above its token budget. No clock.
"""

from collections.abc import Iterator, Sequence

from bench.policies import Policy, ask_queue

BATCH_TEXTS = 64
# Any id costs the same.
PADDING_ID = 0

Encodings = list[list[int]]


def build_ways(encodings: Sequence[list[int]]) -> dict[str, list[Encodings]]:
    """Return the runs by way: `ragged`, `padded`, `sorted`."""
    batches = split_batches(encodings)
    ways = {
        "ragged": batches,
        "padded": [fill_up(batch) for batch in batches],
        "sorted": split_batches(sorted(encodings, key=len)),
    }
    policy = ask_queue(mixed_lengths=True)
    return {way: [run for batch in found for run in split_runs(batch, policy)] for way, found in ways.items()}


def split_batches(encodings: Sequence[list[int]]) -> list[Encodings]:
    """Return the texts in batches of BATCH_TEXTS; the last one may be smaller."""
    return [list(encodings[start : start + BATCH_TEXTS]) for start in range(0, len(encodings), BATCH_TEXTS)]


def fill_up(batch: Encodings) -> Encodings:
    """Return the batch with every text filled up to its longest."""
    longest = max(map(len, batch))
    return [ids + [PADDING_ID] * (longest - len(ids)) for ids in batch]


def split_runs(batch: Encodings, policy: Policy) -> Iterator[Encodings]:
    """Yield the runs that a worker takes, one after the other, while nothing else arrives."""
    waiting = batch
    while waiting:
        places = policy([len(ids) for ids in waiting]).places
        yield [waiting[place] for place in places]
        waiting = [ids for place, ids in enumerate(waiting) if place not in places]


def count_tokens(runs: Sequence[Encodings]) -> int:
    """Return the tokens of all runs, padding included."""
    return sum(len(ids) for run in runs for ids in run)
