"""A place among the requests in work and a time in which to be done, for what the engine does not embed by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.contract.embedding import Demand
from server.contract.errors import DeadlineError
from server.engine.engine import Engine


@asynccontextmanager
async def turn(engine: Engine, demand: Demand) -> AsyncIterator[None]:
    """Hold a place until the block ends or the caller's time has passed.

    Raises:
        OverloadedError, UnavailableError: there is no place.
        DeadlineError: the block was not done in time.
    """
    deadline_s = engine.seconds_for(demand)
    with engine.enter():
        try:
            async with asyncio.timeout(deadline_s):
                yield
        except TimeoutError:
            engine.admission.count("deadline")
            message = f"this was not done within {deadline_s:g} s; a write that has begun may still be done"
            raise DeadlineError(message) from None
