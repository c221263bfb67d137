"""What vecd knows of a request, in one place in its ASGI scope, written by the layers that a request passes."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

KEY = "vecd"


def _nothing() -> None:
    """Allow the request to go on."""


class RequestState(msgspec.Struct):
    """Made by the edge, which sees each request first.

    `path` is the decoded path as it was sent, before a placeholder took the place of a document's id; `headers` are
    those of the request, by their names in lower case, the last one of each name; `task` is the one that serves it, and
    `counted_as` the status to count if that task is cancelled. The access check sets `caller`, the `key_id` of its key
    and `media`, the media type of the answer. `answer_headers` returns more headers for the answer. `held_bytes` of its
    body are counted in the body budget. `check` raises where a request that lasts must not go on.
    """

    request_id: str
    path: str
    headers: Mapping[bytes, bytes]
    task: asyncio.Task[Any] | None
    counted_as: int | None = None
    caller: object = None
    key_id: str = ""
    media: str = ""
    document_id: bytes | None = None
    answer_headers: Callable[[], Mapping[bytes, bytes]] | None = None
    held_bytes: int = 0
    check: Callable[[], None] = _nothing


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
