"""Admission of requests to the engine: each is accepted or refused as a whole, at once, and told when to retry.

In: the tokens of a request and the backlog. Used from the event loop only.
"""

from collections import Counter
from collections.abc import Callable

import msgspec

from server.contract.errors import OverloadedError, UnavailableError
from server.engine.scheduling.fairness import CHUNK_TOKENS
from server.engine.scheduling.forecast import Backlog

# A predicted wait above this share of the caller's time is refused now rather than exceeded later: predictions err, and
# the request has to be computed, too.
WAIT_SHARE = 0.5
REASONS = ("concurrency", "queue", "wait", "draining", "deadline")


class AdmissionLimits(msgspec.Struct, frozen=True, kw_only=True):
    max_concurrent_requests: int
    max_queue_tokens: int


class Admission:
    """Counts the requests in progress, and bounds the tokens that wait; `entered` is how many ever had a place."""

    def __init__(self, limits: AdmissionLimits) -> None:
        self.active, self.entered = 0, 0
        self.open = True
        self.refused: Counter[str] = Counter()
        self._limits = limits

    def enter(self, backlog: Callable[[], Backlog]) -> "Held":
        """Return what holds a place while the request is in progress: from the beginning of a block to its end.

        Raises, at the beginning:
            OverloadedError: every place is taken.
            UnavailableError: the server is stopping.
        """
        return Held(self, backlog)

    def take(self, backlog: Callable[[], Backlog]) -> None:
        """Take a place; raises as `enter` says."""
        if not self.open:
            self.count("draining")
            message = "the server is stopping"
            raise UnavailableError(message)
        if self.active >= self._limits.max_concurrent_requests:
            message = f"{self.active} requests are in progress, as many as max_concurrent_requests allows"
            # A place is free as soon as one of them is done.
            self._refuse(message, backlog().seconds / max(1, self.active), "concurrency")
        self.active += 1
        self.entered += 1

    def give_back(self) -> None:
        """Give a place back."""
        self.active -= 1

    def weigh(self, tokens: int, likely: int, own_s: float, backlog: Backlog, timeout_s: float) -> None:
        """Accept texts of at least `tokens` tokens, and likely `likely`, into the queue.

        `own_s` is the time that their first piece takes alone. What goes before it is at most the whole backlog, and at
        most as much time for each job that waits.

        Raises:
            OverloadedError: there is no room for them, or they would wait too long.
        """
        room = self._limits.max_queue_tokens - backlog.tokens
        # A request above the whole bound is accepted when nothing else waits.
        if backlog.tokens and tokens > room:
            message = (
                f"{backlog.tokens} tokens wait and this request adds about {likely}; "
                f"max_queue_tokens is {self._limits.max_queue_tokens}"
            )
            surplus = min(likely - room, backlog.tokens) / backlog.tokens
            self._refuse(message, surplus * backlog.seconds, "queue")
        wait_s = min(backlog.seconds, own_s * (backlog.jobs + 1))
        allowed_s = WAIT_SHARE * timeout_s
        if wait_s > allowed_s:
            message = f"work would begin in about {wait_s:.1f} s, too late for this request's {timeout_s:g} s"
            self._refuse(message, wait_s - allowed_s, "wait")

    def count(self, reason: str) -> None:
        """Count a request that was refused or given up, by one of REASONS."""
        self.refused[reason] += 1

    def close(self) -> None:
        """Refuse every request from now on."""
        self.open = False

    def _refuse(self, message: str, retry_after_s: float, reason: str) -> None:
        self.count(reason)
        raise OverloadedError(message, retry_after_s)


class Held:
    """A place for the time of a block; a generator in its stead takes two microseconds more."""

    __slots__ = ("_admission", "_backlog")

    def __init__(self, admission: Admission, backlog: Callable[[], Backlog]) -> None:
        self._admission = admission
        self._backlog = backlog

    def __enter__(self) -> None:
        self._admission.take(self._backlog)

    def __exit__(self, *_: object) -> None:
        self._admission.give_back()


def first_piece(tokens: int) -> int:
    """Return the tokens of a request's first chunk, which is served at one turn."""
    return min(tokens, CHUNK_TOKENS)
