"""Rate limits by client: a token bucket for requests and one for the model's tokens, both off by default.

A bucket holds the share of a minute and fills steadily. A request's tokens are reserved by estimate before any work,
and corrected when they are known; a refused request costs nothing. Used from the event loop only.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from server.web.errors import RateError

WINDOW_S = 60.0
# The least recently seen client is forgotten first, and starts with full buckets again: 48 MB with both limits, by
# tracemalloc.
MAX_CLIENTS = 100_000
# Filling in steps rounds; a client that waited for `retry-after` must not have to wait a nanosecond more.
ROUNDING = 1e-6


class Bucket:
    """What one client has left of its requests or tokens; below zero where an estimate was too low."""

    __slots__ = ("level", "name", "per_minute")

    def __init__(self, name: str, per_minute: int) -> None:
        self.name = name
        self.per_minute = per_minute
        self.level = float(per_minute)

    def fill(self, seconds: float) -> None:
        self.level = min(self.per_minute, self.level + seconds * self.per_minute / WINDOW_S)

    def take(self, amount: int) -> None:
        """Take an amount; an amount above the whole bucket is given where the bucket is full.

        Raises:
            RateError: less is left.
        """
        missing = min(amount, self.per_minute) - self.level
        if missing > ROUNDING:
            message = f"this client has used up its share for now: {self.name}_per_minute is {self.per_minute}"
            raise RateError(message, missing / self.per_minute * WINDOW_S, self.name)
        self.level -= amount

    def give_back(self, amount: int) -> None:
        """Return an amount that was taken in excess or, below zero, take what is missing."""
        self.level = min(self.per_minute, self.level + amount)

    def to_header(self) -> str:
        """Return the header's item: what is left (r), and the seconds until the bucket is full (t)."""
        full_s = math.ceil((self.per_minute - self.level) / self.per_minute * WINDOW_S)
        return f'"{self.name}";r={max(0, int(self.level))};t={full_s}'


class Account:
    """One client's buckets, as of the time when they were last filled."""

    __slots__ = ("_clock", "buckets", "filled_s", "requests", "tokens")

    def __init__(self, requests_per_minute: int, tokens_per_minute: int, clock: Callable[[], float]) -> None:
        self.requests = Bucket("requests", requests_per_minute) if requests_per_minute else None
        self.tokens = Bucket("tokens", tokens_per_minute) if tokens_per_minute else None
        self.buckets = [bucket for bucket in (self.requests, self.tokens) if bucket]
        self._clock = clock
        self.filled_s = clock()

    def fill(self) -> "Account":
        """Fill the buckets for the time since they were last filled."""
        now_s = self._clock()
        for bucket in self.buckets:
            bucket.fill(now_s - self.filled_s)
        self.filled_s = now_s
        return self


class Rates:
    """The accounts of all clients; a limit that is zero is off."""

    def __init__(
        self, requests_per_minute: int, tokens_per_minute: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.enabled = bool(requests_per_minute or tokens_per_minute)
        self._limits = (requests_per_minute, tokens_per_minute)
        policy = ", ".join(
            [f'"{one.name}";q={one.per_minute};w={WINDOW_S:.0f}' for one in Account(*self._limits, clock).buckets]
        )
        self._policy = policy.encode()
        self._clock = clock
        self._accounts: OrderedDict[str, Account] = OrderedDict()
        self._of_keys: dict[str, Account] = {}

    def account_of(self, client: str, *, keyed: bool = False) -> Account:
        """Return a client's account with its buckets filled up to now; accounts of keys are never forgotten."""
        if keyed:
            account = self._of_keys.get(client)
            if account is None:
                account = self._of_keys[client] = Account(*self._limits, self._clock)
            return account.fill()
        account = self._accounts.get(client)
        if account is None:
            account = self._accounts[client] = Account(*self._limits, self._clock)
            if len(self._accounts) > MAX_CLIENTS:
                self._accounts.popitem(last=False)
            return account
        self._accounts.move_to_end(client)
        return account.fill()

    def headers(self, account: Account) -> Mapping[bytes, bytes]:
        """Return the headers of a client's answers (draft-ietf-httpapi-ratelimit-headers-10)."""
        now = ", ".join([bucket.to_header() for bucket in account.buckets])
        return {b"ratelimit-policy": self._policy, b"ratelimit": now.encode()}
