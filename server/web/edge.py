"""The outermost layer, around everything including errors: gives each request its id, counts and logs its answer.

An id that the client sent is kept if it is short and plain, so that traces can be joined. Every log line about the
request carries it.
"""

import asyncio
import itertools
import logging
import re
import secrets
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from server.contract.errors import UnavailableError
from server.logs import name_request
from server.web.context import Context
from server.web.dialect import Problem
from server.web.document_ids import raw_path_of, take_document_id
from server.web.exact_paths import ExactPaths
from server.web.headers import ALWAYS, cors_headers
from server.web.metrics import UNKNOWN_ROUTE
from server.web.problems import Problems, no_route
from server.web.request_state import KEY, RequestState, current

ID_HEADER = b"x-request-id"
PLAIN = re.compile(rb"[\x21-\x7e]{1,128}")
TRANSPORT_SECURITY = ((b"strict-transport-security", b"max-age=31536000"),)

Headers = Iterable[tuple[bytes, bytes]]

log = logging.getLogger("vecd.access")


class Edge:
    """ASGI middleware that adds headers to every response and counts it."""

    def __init__(
        self,
        app: ASGIApp,
        paths: ExactPaths,
        context: Context,
        problems: Problems,
    ) -> None:
        settings = context.settings
        self.app = app
        self._paths = paths
        self._metrics = context.metrics
        self._body_budget = context.body_budget
        self._aside = context.aside
        self._turns = asyncio.Lock()
        self._problems = problems
        self._access_log = settings.access_log
        self._origins = settings.cors_origins
        self._always = ALWAYS + (TRANSPORT_SECURITY if settings.tls_certificate else ())
        # Random once: os.urandom for each request would release the interpreter lock each time.
        self._prefix = secrets.token_hex(4).encode()
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, with its state in the scope."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        state = self._state_for(scope)
        name_request(state.request_id)
        start_s, status = time.perf_counter(), 0

        async def send_stamped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = self._stamp(state, message["headers"])
            await send(message)

        try:
            if self._paths.has(raw_path_of(scope, state)):
                await self.app(scope, receive, send_stamped)
            else:
                await self._send_problem(scope, state, send_stamped, no_route(scope))
        except asyncio.CancelledError:
            if state.counted_as is not None:
                status = state.counted_as
            elif not status:  # the server stops, and the time for requests in progress is over
                await self._send_stopping(scope, state, send_stamped)
        finally:
            self._body_budget.release(state)
            status = status or 500  # the protocol's answer where the application gave none
            self._metrics.answered(str(scope.get("path_template") or UNKNOWN_ROUTE), status)
            if self._access_log:
                _log(scope, state, status, time.perf_counter() - start_s)

    def _state_for(self, scope: Scope) -> RequestState:
        headers = dict(scope["headers"])
        given = headers.get(ID_HEADER)
        value = given if given and PLAIN.fullmatch(given) else self._prefix + b"%08x" % next(self._numbers)
        state = RequestState(value.decode(), scope["path"], headers)
        state.budget, state.turns, state.aside = self._body_budget, self._turns, self._aside
        current.set(state)
        cast("dict[str, Any]", scope)[KEY] = state
        take_document_id(scope, state)
        return state

    def _stamp(self, state: RequestState, headers: Headers) -> list[tuple[bytes, bytes]]:
        """Return the headers of an answer, with those that every answer has."""
        stamped = [*headers, (ID_HEADER, state.request_id.encode())]
        names = {name for name, _ in headers}
        stamped += [header for header in self._always if header[0] not in names]
        if state.answer_headers is not None:
            stamped += state.answer_headers().items()
        return stamped

    async def _send_stopping(self, scope: Scope, state: RequestState, send: Send) -> None:
        """Answer 503."""
        detail = "the server is stopping and this request was not done in time"
        problem = Problem(
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            detail=detail,
            request_id=state.request_id,
            error=UnavailableError(detail),
        )
        await self._send_problem(scope, state, send, problem, ((b"retry-after", b"1"),))

    async def _send_problem(
        self, scope: Scope, state: RequestState, send: Send, problem: Problem, more: Headers = ()
    ) -> None:
        """Answer from outside the application."""
        status, media_type, body = self._problems.render(scope, problem)
        headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
        headers += cors_headers(self._origins, state.headers.get(b"origin"))
        start = {"type": "http.response.start", "status": status, "headers": [*headers, *more]}
        await send(cast("Message", start))
        await send(cast("Message", {"type": "http.response.body", "body": body, "more_body": False}))


def _log(scope: Scope, state: RequestState, status: int, seconds: float) -> None:
    client = scope.get("client")
    fields = {
        "method": cast("HTTPScope", scope)["method"],
        "path": state.path,
        "status": status,
        "ms": round(seconds * 1e3, 3),
        "client": client[0] if client else None,
    }
    if state.key_id:
        fields["key"] = state.key_id
    log.info("request", extra=fields)
