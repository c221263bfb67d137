"""What all connections of a server share: settings, clock, budget, and how to tell the rest of the server of them."""

from collections.abc import Callable

import msgspec

from server.connection.timeouts import Sweep
from server.settings import Settings
from server.web.body_budget import BodyBudget


def _never() -> bool:
    return False


def _uncounted(_: int) -> None:
    pass


class Shared(msgspec.Struct, frozen=True):
    """`draining` says whether the server stops; `count` counts answers to requests that the application never saw."""

    settings: Settings
    sweep: Sweep
    budget: BodyBudget
    draining: Callable[[], bool] = _never
    count: Callable[[int], None] = _uncounted
