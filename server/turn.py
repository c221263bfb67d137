"""A place among the requests in work, and a time in which to be done: for every request that is not done at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.caller import Caller
from server.engine import Engine
from server.errors import DeadlineError


@asynccontextmanager
async def turn(engine: Engine, caller: Caller, timeout_s: float) -> AsyncIterator[None]:
    """Hold a place for what a caller wants done, for his own time or `timeout_s` at most.

    Raises:
        OverloadedError, UnavailableError: there is no place.
        DeadlineError: it was not done in time.
    """
    deadline_s = min(timeout_s, caller.timeout_s or timeout_s)
    with engine.enter():
        try:
            async with asyncio.timeout(deadline_s):
                yield
        except TimeoutError:
            engine.admission.refused["deadline"] += 1
            message = f"this was not done within {deadline_s:g} s; a write that has begun may still be done"
            raise DeadlineError(message) from None
