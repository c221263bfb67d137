"""The door of the engine: who may come in, and when to come again. A request is taken whole or refused whole, at once.

In: what a request asks for and what waits already. Used from the event loop alone.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from server.contract.errors import OverloadedError, UnavailableError
from server.engine.scheduling.fairness import CHUNK_TOKENS
from server.engine.scheduling.forecast import Backlog

# A wait that is predicted to be longer than this share of the caller's time is refused now rather than broken later:
# predictions err, and the request has to be computed, too.
PROMISED_SHARE = 0.5
REASONS = ("concurrency", "queue", "wait", "draining", "deadline")


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How many requests may be in work, and how many tokens may wait."""

    max_concurrent_requests: int
    max_queue_tokens: int


class Admission:
    """Counts the requests in work, and weighs what waits."""

    def __init__(self, bounds: Bounds) -> None:
        self.active = 0
        self.open = True
        self.refused: Counter[str] = Counter()
        self._bounds = bounds

    @contextmanager
    def enter(self, backlog: Callable[[], Backlog]) -> Iterator[None]:
        """Hold a place while the request is in work.

        Raises:
            OverloadedError: every place is taken.
            UnavailableError: the server is draining.
        """
        if not self.open:
            self.count("draining")
            message = "the server is stopping"
            raise UnavailableError(message)
        if self.active >= self._bounds.max_concurrent_requests:
            message = f"{self.active} requests are in work, as many as max_concurrent_requests allows"
            # A place is free when one of those that wait is done.
            self._refuse(message, backlog().seconds / max(1, self.active), "concurrency")
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1

    def weigh(self, tokens: int, likely: int, own_s: float, backlog: Backlog, timeout_s: float) -> None:
        """Let texts into the queue that have so many tokens at least, and `likely` that many.

        `own_s` is the time that their first piece takes alone: at most what waits, or as much for each job that waits,
        goes before it.

        Raises:
            OverloadedError: there is no room for them, or they would wait too long.
        """
        room = self._bounds.max_queue_tokens - backlog.tokens
        # More than the whole bound is still taken when nothing else waits.
        if backlog.tokens and tokens > room:
            message = (
                f"{backlog.tokens} tokens wait and this request adds about {likely}; "
                f"max_queue_tokens is {self._bounds.max_queue_tokens}"
            )
            surplus = min(likely - room, backlog.tokens) / backlog.tokens
            self._refuse(message, surplus * backlog.seconds, "queue")
        wait_s = min(backlog.seconds, own_s * (backlog.jobs + 1))
        allowed_s = PROMISED_SHARE * timeout_s
        if wait_s > allowed_s:
            message = f"work would begin in about {wait_s:.1f} s, too late for this request's {timeout_s:g} s"
            self._refuse(message, wait_s - allowed_s, "wait")

    def count(self, reason: str) -> None:
        """Count a request that was refused or given up, for one of REASONS."""
        self.refused[reason] += 1

    def _refuse(self, message: str, retry_after_s: float, reason: str) -> None:
        self.count(reason)
        raise OverloadedError(message, retry_after_s)


def first_piece(tokens: int) -> int:
    """Return the tokens of a request's first piece: what is served at one turn."""
    return min(tokens, CHUNK_TOKENS)
