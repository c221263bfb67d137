"""Clients that leave: what a thread still works at stays counted, and what waits for a thread is forgotten."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from server.turns import TURN_S, Turns
from server.web.aside import give_way, new_turns, run_aside
from server.web.body_budget import BodyBudget
from server.web.decoding import decode_aside
from server.web.replies import JSON
from server.web.request_state import RequestState, current

PATIENCE_S = 10


class Hold:
    """Something large, which a weak reference can follow; calling it waits until it may end."""

    def __init__(self) -> None:
        self.began, self.may_end = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.began.set()
        assert self.may_end.wait(PATIENCE_S)
        return "done"


@pytest.fixture(params=["of clients", "of the event loop"])
def aside(request: pytest.FixtureRequest) -> Iterator[Turns | None]:
    """The turns of long work; without, it has the threads of the event loop."""
    turns = new_turns() if request.param == "of clients" else None
    yield turns
    if turns is not None:
        turns.close(wait=True)


def on_one_thread(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a story on an event loop that has one thread."""

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        await story()

    asyncio.run(run())


async def serve(budget: BodyBudget, size: int, work: Any, aside: Turns | None = None, client: str = "") -> Any:
    """Count a body, work at it, and count it no more, as the edge and a route do."""
    state = RequestState("id", "/embed", {}, budget=budget, aside=aside, client=client)
    current.set(state)
    try:
        budget.hold(state, size)
        return await work()
    finally:
        budget.release(state)


async def leave(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def until(reached: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not reached():
            await asyncio.sleep(0.001)


def test_the_body_that_a_thread_works_at_is_counted_until_it_ends(aside: Turns | None) -> None:
    async def story() -> None:
        budget, call = BodyBudget(100), Hold()
        task = asyncio.create_task(serve(budget, 60, lambda: run_aside(call), aside))
        await until(call.began.is_set)
        await leave(task)
        assert budget.held_bytes == 60
        call.may_end.set()
        await until(lambda: budget.held_bytes == 0)

    on_one_thread(story)


def test_what_waits_for_a_thread_is_forgotten_at_once(aside: Turns | None) -> None:
    async def story() -> None:
        budget, first, second = BodyBudget(100), Hold(), Hold()
        running = asyncio.create_task(serve(budget, 60, lambda: run_aside(first), aside))
        await until(first.began.is_set)
        waiting = asyncio.create_task(serve(budget, 30, partial(run_aside, second), aside))
        await until(lambda: budget.held_bytes == 90)
        kept, began = weakref.ref(second), second.began
        del second
        await leave(waiting)
        del waiting
        await asyncio.sleep(0)  # the handle that ended the wait for the task has the task
        gc.collect()
        assert kept() is None
        assert budget.held_bytes == 60
        first.may_end.set()
        assert await running == "done"
        assert budget.held_bytes == 0
        assert not began.is_set()

    on_one_thread(story)


def test_a_large_body_whose_client_left_is_counted_while_it_waits_to_be_decoded(
    monkeypatch: pytest.MonkeyPatch,
    aside: Turns | None,
) -> None:
    async def story() -> None:
        call = Hold()
        monkeypatch.setattr("server.web.decoding.decode", lambda *_: call())
        budget, body = BodyBudget(1 << 20), b"[" + b" " * 300_000 + b"]"
        task = asyncio.create_task(serve(budget, len(body), lambda: decode_aside(body, JSON, list), aside))
        await until(call.began.is_set)
        await leave(task)
        assert budget.held_bytes == len(body)
        call.may_end.set()
        await until(lambda: budget.held_bytes == 0)

    on_one_thread(story)


def test_long_work_gives_way_to_that_of_another_client() -> None:
    """A client's body of any size holds up the next client for one turn, not for all of it."""
    ends = list[str]()
    may_come, came = threading.Event(), threading.Event()

    def long() -> None:
        may_come.set()
        assert came.wait(PATIENCE_S)
        for _ in range(3):
            busy_for(2 * TURN_S)
            give_way()
        ends.append("long")

    async def story() -> None:
        turns = new_turns()
        budget = BodyBudget(100)
        first = asyncio.create_task(serve(budget, 1, lambda: run_aside(long), turns, "a"))
        await until(may_come.is_set)
        second = asyncio.create_task(serve(budget, 1, lambda: run_aside(partial(ends.append, "short")), turns, "b"))
        await asyncio.sleep(0.01)
        came.set()
        await asyncio.gather(first, second)
        turns.close(wait=True)

    asyncio.run(story())
    assert ends == ["short", "long"]


def busy_for(seconds: float) -> None:
    end_s = time.thread_time() + seconds
    while time.thread_time() < end_s:
        pass
