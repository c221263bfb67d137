"""Which texts run together: a queue of waiting texts, and the rule that takes a run from it.

A run holds texts of one length, so nothing is ever padded. The text that has waited longest always goes, with as many
later ones of its length as the token budget allows; nobody is passed over. No clock, no thread, no I/O.
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
    """Waiting texts by output and length, each bucket in order of arrival."""

    def __init__(self) -> None:
        self.tokens = 0
        self._arrivals = itertools.count()
        self._buckets: dict[tuple[str, int], deque[tuple[int, Waiting]]] = {}

    def __bool__(self) -> bool:
        return bool(self._buckets)

    def push(self, waiting: Waiting) -> None:
        """Add a text behind all that wait."""
        length = len(waiting.ids)
        self._buckets.setdefault((waiting.job.output, length), deque()).append((next(self._arrivals), waiting))
        self.tokens += length

    def take(self, max_tokens: int) -> list[Waiting]:
        """Remove and return the next run: one output, one length, at most `max_tokens` but at least one text."""
        assert self._buckets
        key = min(self._buckets, key=lambda bucket: self._buckets[bucket][0][0])
        bucket, length = self._buckets[key], key[1]
        run = [bucket.popleft()[1] for _ in range(min(len(bucket), max(1, max_tokens // length)))]
        if not bucket:
            del self._buckets[key]
        self.tokens -= length * len(run)
        return run

    def clear(self) -> list[Waiting]:
        """Remove and return everything."""
        left = [waiting for bucket in self._buckets.values() for _, waiting in bucket]
        self._buckets.clear()
        self.tokens = 0
        return left
