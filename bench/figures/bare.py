"""vecd beside the bare loop of `bench/servers/bare.py`, under the same load, round by round."""

import msgspec

BARE = "bare loop"


class BareRounds(msgspec.Struct, frozen=True, kw_only=True):
    """A value a round: what the bare loop did right before vecd, and vecd's values over its.

    `threads` compute for it; with 0 its event loop does. `errors` are those of both.
    """

    threads: int
    requests_per_s: list[float]
    p50_ms: list[float]
    errors: list[int]
    requests_per_s_of_bare: list[float]
    p50_of_bare: list[float]
