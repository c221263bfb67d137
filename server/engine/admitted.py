"""A place among the requests in progress, and a deadline, for calls other than `Engine.embed`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.contract.embedding import Demand
from server.contract.errors import DeadlineError
from server.engine.engine import Engine


@asynccontextmanager
async def admitted(engine: Engine, demand: Demand) -> AsyncIterator[None]:
    """Hold a place until the block ends, and cancel the block when the caller's time has passed.

    Raises:
        OverloadedError, UnavailableError: there is no place.
        DeadlineError: the block was not done in time.
    """
    with engine.enter():
        async with in_time(engine, demand):
            yield


@asynccontextmanager
async def in_time(engine: Engine, demand: Demand) -> AsyncIterator[None]:
    """Cancel the block when the caller's time has passed since it began; raises DeadlineError."""
    timeout_s = engine.seconds_for(demand)
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError:
        engine.admission.count("deadline")
        message = f"this was not done within {timeout_s:g} s; a write that has begun may still complete"
        raise DeadlineError(message) from None
