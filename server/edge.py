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
from collections.abc import Iterable
from http import HTTPStatus
from typing import cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from server.dialects import Problem
from server.errors import UnavailableError
from server.ids import set_apart
from server.intake import Intake
from server.logs import name_request
from server.marks import HEADERS, LEFT, PATH, REQUEST_ID, SECURITY, SENT, mark_task, marks
from server.metrics import UNKNOWN_ROUTE, Metrics
from server.problems import Problems
from server.settings import Settings

ID_HEADER = b"x-request-id"
PLAIN = re.compile(rb"[\x21-\x7e]{1,128}")
TRANSPORT_SECURITY = ((b"strict-transport-security", b"max-age=31536000"),)

Headers = Iterable[tuple[bytes, bytes]]

log = logging.getLogger("vecd.access")


class Edge:
    """ASGI middleware that stamps every response, and sees every answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics, intake: Intake, problems: Problems, settings: Settings) -> None:
        self.app = app
        self._metrics = metrics
        self._intake = intake
        self._problems = problems
        self._access_log = settings.access_log
        self._always = SECURITY + (TRANSPORT_SECURITY if settings.tls_certificate else ())
        # Random once: asking the system for each request would give up the interpreter lock each time.
        self._prefix = secrets.token_hex(4).encode()
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, with an id in its scope and its response."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        ours = marks(scope)
        ours[SENT] = headers = dict(scope["headers"])
        given = headers.get(ID_HEADER)
        value = given if given and PLAIN.fullmatch(given) else self._prefix + b"%08x" % next(self._numbers)
        ours[REQUEST_ID] = value.decode()
        mark_task(scope)
        ours[PATH] = path = scope["path"]
        set_apart(scope)
        name_request(ours[REQUEST_ID])
        start_s, status = time.perf_counter(), 0

        async def send_stamped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = self._stamp(scope, message["headers"], value)
            await send(message)

        try:
            await self.app(scope, receive, send_stamped)
        except asyncio.CancelledError:
            if LEFT in ours:
                status = int(ours[LEFT])
            elif not status:  # the server stops, and its time for requests in flight is over
                await self._send_stopping(scope, send_stamped)
        finally:
            self._intake.release(scope)
            status = status or 500  # what the protocol answers where the application did not
            self._metrics.answered(str(scope.get("path_template") or UNKNOWN_ROUTE), status)
            if self._access_log:
                _log(scope, path, status, time.perf_counter() - start_s)

    def _stamp(self, scope: Scope, headers: Headers, request_id: bytes) -> list[tuple[bytes, bytes]]:
        """Return the headers of an answer with those that each has."""
        stamped = [*headers, (ID_HEADER, request_id)]
        names = {name for name, _ in headers}
        stamped += [header for header in self._always if header[0] not in names]
        if more := marks(scope).get(HEADERS):
            stamped += more().items()
        return stamped

    async def _send_stopping(self, scope: Scope, send: Send) -> None:
        """Answer 503 from outside the application."""
        detail = "the server is stopping and this request was not done in time"
        problem = Problem(
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            detail=detail,
            request_id=marks(scope)[REQUEST_ID],
            error=UnavailableError(detail),
        )
        status, media_type, body = self._problems.render(scope, problem)
        headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
        start = {"type": "http.response.start", "status": status, "headers": [*headers, (b"retry-after", b"1")]}
        await send(cast("Message", start))
        await send(cast("Message", {"type": "http.response.body", "body": body, "more_body": False}))


def _log(scope: Scope, path: str, status: int, seconds: float) -> None:
    client = scope.get("client")
    fields = {
        "method": marks(scope)["method"],
        "path": path,
        "status": status,
        "ms": round(seconds * 1e3, 3),
        "client": client[0] if client else None,
    }
    log.info("request", extra=fields)
