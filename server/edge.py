"""The outermost layer, around everything including errors: gives each request its id, counts and logs its answer.

An id that the client sent is kept if it is short and plain, so that traces can be joined. Every line that is logged on
behalf of the request carries it.
"""

import asyncio
import itertools
import logging
import re
import secrets
import time
from typing import Any, cast

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from server.metrics import UNKNOWN_ROUTE, Metrics
from server.protocol import LEFT, TASK

ID_HEADER = b"x-request-id"
PLAIN = re.compile(rb"[\x21-\x7e]{1,128}")
_KEY = "vecd.request_id"
# What nginx writes into its log for a client that did not wait; it is never sent.
CLIENT_LEFT = 499

log = logging.getLogger("vecd.access")


def request_id(scope: Scope) -> str:
    """Return the id of the request that this scope belongs to."""
    return str(scope.get(_KEY, "-"))


class Edge:
    """ASGI middleware that stamps every response with x-request-id, and sees every answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, access_log: bool = False) -> None:
        self.app = app
        self._metrics = metrics
        self._access_log = access_log
        # Random once: asking the system for each request would give up the interpreter lock each time.
        self._prefix = secrets.token_hex(4).encode()
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, with an id in its scope and its response."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == ID_HEADER), b"")
        value = given if PLAIN.fullmatch(given) else self._prefix + b"%08x" % next(self._numbers)
        ours = cast("dict[str, Any]", scope)
        ours[_KEY] = value.decode()
        ours[TASK] = asyncio.current_task()  # a client that leaves cancels it
        bind_contextvars(request_id=ours[_KEY])
        start_s, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = [*message["headers"], (ID_HEADER, value)]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except asyncio.CancelledError:
            if ours.get(LEFT):
                status = CLIENT_LEFT
            elif not status:  # the server stops, and its time for requests in flight is over
                await send_problem(send_with_id, ours[_KEY])
        finally:
            status = status or 500  # what uvicorn answers where the application did not
            self._metrics.answered(str(scope.get("path_template") or UNKNOWN_ROUTE), status)
            if self._access_log:
                self._log(scope, status, time.perf_counter() - start_s)
            clear_contextvars()

    @staticmethod
    def _log(scope: Scope, status: int, seconds: float) -> None:
        client = scope.get("client")
        fields = {
            "method": cast("dict[str, Any]", scope)["method"],
            "path": scope["path"],
            "status": status,
            "ms": round(seconds * 1e3, 3),
            "client": client[0] if client else None,
        }
        log.info("request", extra=fields)


async def send_problem(send: Send, request_id: str) -> None:
    """Answer 503 from outside the application."""
    detail = "the server is stopping and this request was not done in time"
    fields = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": detail}
    body = msgspec.json.encode(fields | {"request_id": request_id})
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    start = {"type": "http.response.start", "status": 503, "headers": [*headers, (b"retry-after", b"1")]}
    await send(cast("Message", start))
    await send(cast("Message", {"type": "http.response.body", "body": body, "more_body": False}))
