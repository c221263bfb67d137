"""A goal of the product, a named figure that is met or not; it never decides whether a run counts."""

import msgspec


class Goal(msgspec.Struct, frozen=True):
    """The goal, a ratio or a rate, and what was measured; None where a server did not run."""

    goal: float
    value: float | None = None
    met: bool | None = None
