"""The outermost layer, around everything including errors: gives each request its id and its log line's subject.

An id that the client sent is kept if it is short and plain, so that traces can be joined.
"""

import asyncio
import re
import secrets
from typing import cast

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

ID_HEADER = b"x-request-id"
PLAIN = re.compile(rb"[\x21-\x7e]{1,128}")
_KEY = "vecd.request_id"


def request_id(scope: Scope) -> str:
    """Return the id of the request that this scope belongs to."""
    return str(scope.get(_KEY, "-"))


class RequestIds:
    """ASGI middleware that stamps every response with x-request-id."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, with an id in its scope and its response."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == ID_HEADER), b"")
        value = given if PLAIN.fullmatch(given) else secrets.token_hex(8).encode()
        cast("dict[str, object]", scope)[_KEY] = value.decode()

        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], (ID_HEADER, value)]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except asyncio.CancelledError:
            # The server stops and its time for requests in flight is over.
            if not started:
                await send_problem(send_with_id, value.decode())


async def send_problem(send: Send, request_id: str) -> None:
    """Answer 503 from outside the application."""
    detail = "the server is stopping and this request was not done in time"
    fields = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": detail}
    body = msgspec.json.encode(fields | {"request_id": request_id})
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    start = {"type": "http.response.start", "status": 503, "headers": [*headers, (b"retry-after", b"1")]}
    await send(cast("Message", start))
    await send(cast("Message", {"type": "http.response.body", "body": body, "more_body": False}))
