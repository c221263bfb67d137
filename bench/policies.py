"""Which of the waiting texts run next: vecd's rules, and what others do instead. All have the same token budget.

In: the lengths of the waiting texts in order of arrival, one at least. Out: the run that an idle worker takes. Each
policy lets the text go that has waited longest. No clock, no state that outlives the call.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from server import TOKENS_PER_RUN, Job, Queue, Waiting

MAX_TOKENS = TOKENS_PER_RUN["cpu"]
BUCKETS = (16, 32, 64, 128, 256)


class Run(msgspec.Struct, frozen=True):
    """The places of the texts that go, in ascending order, and the tokens of each that are computed, with padding."""

    places: list[int]
    tokens: list[int]


Policy = Callable[[Sequence[int]], Run]


def build_policies(*, mixed_lengths: bool) -> dict[str, Policy]:
    """Return every policy by the name that the figures give it.

    `vecd` is the server's rule for a variant that takes texts of any lengths in a run, or of one; in the first case
    `vecd-portable` is its rule for the others.
    """
    portable = {"vecd-portable": ask_queue(mixed_lengths=False)} if mixed_lengths else {}
    return {
        "vecd": ask_queue(mixed_lengths=mixed_lengths),
        **portable,
        "fifo-padding": pad_to_longest,
        "length-buckets": pad_to_bucket,
        "no-batching": take_one,
    }


def ask_queue(*, mixed_lengths: bool) -> Policy:
    """Return the server's own rule: its queue, filled with all that wait and asked for one run. Nothing is padded."""
    # The queue reads a job's output alone; this job belongs to nobody.
    job = asyncio.run(_make_job())

    def take(lengths: Sequence[int]) -> Run:
        ids = {length: [0] * length for length in set(lengths)}
        queue = Queue(mixed_lengths=mixed_lengths)
        for place, length in enumerate(lengths):
            queue.push(Waiting(ids[length], job, place))
        run = queue.take(MAX_TOKENS)
        return Run([waiting.index for waiting in run], [len(waiting.ids) for waiting in run])

    return take


async def _make_job() -> Job:
    return Job(1, "sentence_embedding", 0.0)


def pad_to_longest(lengths: Sequence[int]) -> Run:
    """Take texts in order of arrival for as long as their padded batch fits the budget.

    So does text-embeddings-inference, with a larger budget than vecd's; that would mix more lengths and pad more.
    """
    longest = lengths[0]
    count = 1
    for length in lengths[1:]:
        wider = max(longest, length)
        if wider * (count + 1) > MAX_TOKENS:
            break
        longest, count = wider, count + 1
    return Run(list(range(count)), [longest] * count)


def pad_to_bucket(lengths: Sequence[int]) -> Run:
    """Take the oldest text and others of its bucket of lengths, each padded to the bucket's upper end."""
    bucket = find_bucket(lengths[0])
    most = max(1, MAX_TOKENS // bucket)
    places = []
    for place, length in enumerate(lengths):
        if find_bucket(length) == bucket:
            places.append(place)
            if len(places) == most:
                break
    return Run(places, [bucket] * len(places))


def find_bucket(length: int) -> int:
    """Return the least bucket that holds a text of that many tokens."""
    return next(bucket for bucket in BUCKETS if length <= bucket)


def take_one(lengths: Sequence[int]) -> Run:
    """Take the oldest text alone."""
    return Run([0], [lengths[0]])
