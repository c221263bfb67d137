"""Which of the waiting texts run next: vecd's rules, and those of others. All have the same token budget.

In: the lengths of texts as they arrive, each a request of its own. Out: the run that an idle worker takes. The rules of
others depend on nothing but the lengths that wait, in order of arrival; vecd's own is the server's queue.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from bench.artifacts import OUTPUT
from bench.workload.traces import MAX_TOKENS
from server.engine.scheduling import Cost, Job, Limits, Queue

BUCKETS = (16, 32, 64, 128, 256)


class Run(msgspec.Struct, frozen=True):
    """The places of the texts that run, and the tokens of each that are computed, with padding."""

    places: list[int]
    tokens: list[int]


class Waiting(Protocol):
    """The texts that wait."""

    def arrive(self, place: int, length: int) -> None:
        """Add a text by its place in the trace."""

    def take(self, others_busy_s: Sequence[float]) -> Run:
        """Remove a run, of at least one text; the other workers are busy for these seconds."""


Policy = Callable[[], Waiting]  # makes an empty one
Rule = Callable[[Sequence[int]], Run]  # lengths in, in order of arrival; a run of places among those out


def build_policies(layout: str, cost: Cost) -> dict[str, Policy]:
    """Return every policy by the name that the figures give it.

    `vecd` is the server's rule for a variant of that layout; where that is ragged, `vecd-portable` is its rule for
    variants that take texts of one length in a run.
    """
    portable: dict[str, Policy] = {"vecd-portable": lambda: ServerQueue("equal-length", cost)}
    return {
        "vecd": lambda: ServerQueue(layout, cost),
        **(portable if layout == "ragged" else {}),
        "fifo-padding": lambda: RuleQueue(pad_to_longest),
        "length-buckets": lambda: RuleQueue(pad_to_bucket),
        "no-batching": lambda: RuleQueue(take_one),
    }


class ServerQueue:
    """The server's own queue. Nothing is padded; here no text has waited longer than others."""

    def __init__(self, layout: str, cost: Cost) -> None:
        self._queue = Queue(layout)
        self._cost = cost
        self._places: dict[Job, int] = {}
        # A job needs an event loop for its caller to wait in; here nobody waits.
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()

    def arrive(self, place: int, length: int) -> None:
        job = Job(1, OUTPUT, loop=self._loop)
        self._places[job] = place
        self._queue.push(job, [[0] * length])

    def take(self, others_busy_s: Sequence[float]) -> Run:
        limits = Limits(MAX_TOKENS, self._queue.share_s(self._cost, others_busy_s))
        run = self._queue.take(self._cost, limits, now_s=0.0)
        return Run([self._places.pop(text.job) for text in run], [len(text.ids) for text in run])


class RuleQueue:
    """Texts in order of arrival, of which a rule takes some."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._waiting: list[tuple[int, int]] = []

    def arrive(self, place: int, length: int) -> None:
        self._waiting.append((place, length))

    def take(self, others_busy_s: Sequence[float]) -> Run:  # noqa: ARG002 - these rules know of one worker
        run = self._rule([length for _, length in self._waiting])
        places = [self._waiting[place][0] for place in run.places]
        # From the back, so that the places in front remain valid.
        for place in reversed(run.places):
            del self._waiting[place]
        return Run(places, run.tokens)


def pad_to_longest(lengths: Sequence[int]) -> Run:
    """Take texts in order of arrival for as long as their padded batch fits the budget.

    text-embeddings-inference does so, with a larger budget than vecd's, which would mix more lengths and pad more.
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
