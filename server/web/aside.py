"""Long work of a request on a thread, in turns with that of other clients.

What it holds stays counted until it ends, also where its client has left: a thread cannot be stopped, and clients that
leave would fill the memory with bodies that nobody counts.
"""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, TypeVar

from server.turns import Turns
from server.web.request_state import current

# Work that is begun, of which one runs and the rest has given way.
MOST_BEGUN = 16

T = TypeVar("T")


def new_turns() -> Turns:
    """Return the turns of a process's long work, of which one has its turn at a time.

    More threads would wait for the interpreter lock, and each takes it from the event loop as often as it comes by:
    with six of them it answers others in twice the time.
    """
    return Turns("aside", most=MOST_BEGUN)


async def run_aside(call: Callable[[], T]) -> T:
    """Return what `call` returns, with the context of the request; what has not begun when it is cancelled never does.

    A call that waits for its turn is forgotten with all that it refers to, which its place among them would keep.
    """
    waiting, context = [call], copy_context()

    def run() -> T:
        return context.run(waiting.pop())

    state = current.get(None)
    if state is None or state.aside is None:
        future: asyncio.Future[T] = asyncio.get_running_loop().run_in_executor(None, run)
    else:
        future = asyncio.ensure_future(state.aside.run(state.client, run))
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


def give_way() -> None:
    """Let the work of others go before this one's once it has had its turn; called between its steps."""
    state = current.get(None)
    if state is not None and state.aside is not None:
        state.aside.give_way()


def _count_until_done(future: asyncio.Future[Any]) -> None:
    state = current.get(None)
    if state is not None and state.budget is not None:
        budget, kept = state.budget, state.budget.take_over(state)
        future.add_done_callback(lambda _: budget.release(kept))


def _ignore(future: asyncio.Future[Any]) -> None:
    """Look at an error that nobody waits for, or the event loop would log it."""
    if not future.cancelled():
        future.exception()
