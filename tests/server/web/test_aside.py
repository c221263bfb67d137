"""Clients that leave: what a thread still works at stays counted, and what waits for a thread is forgotten."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from server.web.aside import run_aside
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


def on_one_thread(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a story on an event loop whose long work has one thread."""

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        await story()

    asyncio.run(run())


async def serve(budget: BodyBudget, size: int, work: Any) -> Any:
    """Count a body, work at it, and count it no more, as the edge and a route do."""
    state = RequestState("id", "/embed", {}, budget=budget)
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


def test_the_body_that_a_thread_works_at_is_counted_until_it_ends() -> None:
    async def story() -> None:
        budget, call = BodyBudget(100), Hold()
        task = asyncio.create_task(serve(budget, 60, lambda: run_aside(call)))
        await until(call.began.is_set)
        await leave(task)
        assert budget.held_bytes == 60
        call.may_end.set()
        await until(lambda: budget.held_bytes == 0)

    on_one_thread(story)


def test_what_waits_for_a_thread_is_forgotten_at_once() -> None:
    async def story() -> None:
        budget, first, second = BodyBudget(100), Hold(), Hold()
        running = asyncio.create_task(serve(budget, 60, lambda: run_aside(first)))
        await until(first.began.is_set)
        waiting = asyncio.create_task(serve(budget, 30, partial(run_aside, second)))
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
) -> None:
    async def story() -> None:
        call = Hold()
        monkeypatch.setattr("server.web.decoding.decode", lambda *_: call())
        budget, body = BodyBudget(1 << 20), b"[" + b" " * 300_000 + b"]"
        task = asyncio.create_task(serve(budget, len(body), lambda: decode_aside(body, JSON, list)))
        await until(call.began.is_set)
        await leave(task)
        assert budget.held_bytes == len(body)
        call.may_end.set()
        await until(lambda: budget.held_bytes == 0)

    on_one_thread(story)
