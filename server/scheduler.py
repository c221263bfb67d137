"""Which texts run together: a queue of waiting texts, and the rule that takes a run from it.

The ragged variant gets texts in order of arrival, up to a token budget; any other gets texts of one length, so that
nothing is ever padded. The text that has waited longest always goes. No clock, no thread, no I/O.
"""

import itertools
from collections import deque

import msgspec

from server.jobs import Job


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """One text of a job; `index` is its place there."""

    ids: list[int]
    job: Job
    index: int


class Queue:
    """Waiting texts by output and, unless a run may mix them, by length; each bucket in order of arrival."""

    def __init__(self, *, mixed_lengths: bool) -> None:
        self.tokens = 0
        self._mixed_lengths = mixed_lengths
        self._arrivals = itertools.count()
        self._buckets: dict[tuple[str, int], deque[tuple[int, Waiting]]] = {}

    def __bool__(self) -> bool:
        return bool(self._buckets)

    def push(self, waiting: Waiting) -> None:
        """Add a text behind all that wait."""
        tokens = len(waiting.ids)
        bucket = (waiting.job.output, 0 if self._mixed_lengths else tokens)
        self._buckets.setdefault(bucket, deque()).append((next(self._arrivals), waiting))
        self.tokens += tokens

    def take(self, max_tokens: int) -> list[Waiting]:
        """Remove and return the next run: one output, at most `max_tokens` but at least one text."""
        assert self._buckets
        key = min(self._buckets, key=lambda bucket: self._buckets[bucket][0][0])
        bucket = self._buckets[key]
        run = [bucket.popleft()[1]]
        tokens = len(run[0].ids)
        while bucket and tokens + len(bucket[0][1].ids) <= max_tokens:
            run.append(bucket.popleft()[1])
            tokens += len(run[-1].ids)
        if not bucket:
            del self._buckets[key]
        self.tokens -= tokens
        return run

    def clear(self) -> list[Waiting]:
        """Remove and return everything."""
        left = [waiting for bucket in self._buckets.values() for _, waiting in bucket]
        self._buckets.clear()
        self.tokens = 0
        return left
