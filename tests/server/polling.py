"""Waiting until something holds, where nothing can be waited on."""

import time
from collections.abc import Callable

PATIENCE_S = 20
POLL_S = 0.005


def until(holds: Callable[[], bool], limit_s: float = PATIENCE_S) -> None:
    """Return once `holds` returns true; fail after `limit_s`."""
    end_s = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end_s, "it never came to hold"
        time.sleep(POLL_S)
