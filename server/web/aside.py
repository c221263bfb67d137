"""Long work of a request on a thread. What it holds stays counted until it ends, also where its client has left.

A thread cannot be stopped: without that, clients that leave would fill the memory with bodies that nobody counts.
"""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, TypeVar

from server.web.request_state import current

T = TypeVar("T")


async def run_aside(call: Callable[[], T]) -> T:
    """Return what `call` returns, with the context of the request; what has not begun when it is cancelled never does.

    A call that waits for a thread is forgotten with all that it refers to, which its place among them would keep.
    """
    waiting, context = [call], copy_context()
    future = asyncio.get_running_loop().run_in_executor(None, lambda: context.run(waiting.pop()))
    del call
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        future.add_done_callback(_ignore)
        try:
            waiting.pop()
        except IndexError:  # a thread has taken it
            _count_until_done(future)
        raise


def _count_until_done(future: asyncio.Future[Any]) -> None:
    state = current.get(None)
    if state is not None and state.budget is not None:
        budget, kept = state.budget, state.budget.take_over(state)
        future.add_done_callback(lambda _: budget.release(kept))


def _ignore(future: asyncio.Future[Any]) -> None:
    """Look at an error that nobody waits for, or the event loop would log it."""
    if not future.cancelled():
        future.exception()
