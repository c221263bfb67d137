"""What vecd knows of a request, in one place in its ASGI scope, written by the layers that a request passes."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from typing import Any

import msgspec

from server.turns import Turns
from server.web.body_budget import BodyBudget

KEY = "vecd"
# Answers and parts of them that are smaller are counted only where their clients do not read them.
LARGE_BYTES = 16 * 1024


def _nothing() -> None:
    """Allow the request to go on."""


class RequestState(msgspec.Struct):
    """Made by the edge, which sees each request first.

    `path` is the decoded path as it was sent, before a placeholder took the place of a document's id; `headers` are
    those of the request, by their names in lower case, the last one of each name; `counted_as` is the status to count
    if its task is cancelled. The access check sets `caller`, its `client`, the `key_id` of its key and `media`, the
    media type of the answer. `answer_headers` returns more headers for the answer. `held_bytes` of its
    body and its answer are counted in the budget, `answer_bytes` of these for the answer. `check` raises where a
    request that lasts must not go on. `turns` is held while a slice of a large answer is encoded, and
    work that takes long is done `aside`.
    """

    request_id: str
    path: str
    headers: Mapping[bytes, bytes]
    counted_as: int | None = None
    caller: object = None
    client: str = ""
    key_id: str = ""
    media: str = ""
    document_id: bytes | None = None
    answer_headers: Callable[[], Mapping[bytes, bytes]] | None = None
    held_bytes: int = 0
    answer_bytes: int = 0
    budget: BodyBudget | None = None
    turns: asyncio.Lock | None = None
    aside: Turns | None = None
    check: Callable[[], None] = _nothing


# A request is a task with a context of its own, so the variable is never reset.
current: ContextVar[RequestState] = ContextVar("state")


def encoding_turns() -> AbstractAsyncContextManager[object]:
    """Return what has large answers encoded one slice after the other."""
    state = current.get(None)
    return state.turns if state is not None and state.turns is not None else nullcontext()


def hold_part(size: int) -> None:
    """Count a part of about `size` bytes of the answer that is being made now.

    Raises:
        UnavailableError: there is no room for it.
    """
    if size >= LARGE_BYTES and (state := current.get(None)) is not None and state.budget is not None:
        state.budget.hold_answer(state, state.answer_bytes + size)


def hold_decoded(size: int) -> None:
    """Count what the body of this request is decoded into; raises OverloadedError where there is no room for it."""
    if size >= LARGE_BYTES and (state := current.get(None)) is not None and state.budget is not None:
        state.budget.hold_decoded(state, size)


def hold_whole(size: int) -> None:
    """Count the answer, which is made now; raises UnavailableError as `hold_part` does."""
    if size >= LARGE_BYTES and (state := current.get(None)) is not None and state.budget is not None:
        state.budget.hold_answer(state, size)


def state_of(scope: Any) -> RequestState:
    state: RequestState = scope[KEY]
    return state


def request_id_of(scope: Any) -> str:
    """Return the id of the request, or a dash for one without state."""
    state: RequestState | None = scope.get(KEY)
    return state.request_id if state else "-"


def path_of(scope: Any) -> str:
    state: RequestState | None = scope.get(KEY)
    return state.path if state else str(scope["path"])
