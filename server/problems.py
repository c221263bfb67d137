"""Errors as RFC 9457 problem documents: the one table from what went wrong to a status.

Messages of the project's own errors are written for clients; of anything else only the status is told, and the cause
is in the log under the request's id.
"""

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from server.edge import request_id
from server.errors import (
    DeadlineError,
    InferenceError,
    InvalidInputError,
    OverloadedError,
    RetryLaterError,
    ServerError,
    UnacceptableInputError,
    UnavailableError,
    UnsupportedMediaError,
)

PROBLEM_JSON = "application/problem+json"

STATUSES: dict[type[ServerError], HTTPStatus] = {
    InvalidInputError: HTTPStatus.BAD_REQUEST,
    UnsupportedMediaError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    UnacceptableInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    OverloadedError: HTTPStatus.TOO_MANY_REQUESTS,
    InferenceError: HTTPStatus.INTERNAL_SERVER_ERROR,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    DeadlineError: HTTPStatus.GATEWAY_TIMEOUT,
}
LOGGED = {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE}
# How Litestar tells that a body was not sent to its end: not our fault, and nobody is there to read the answer.
CLIENT_LEFT = "client disconnected"
LONGEST_DETAIL = 500

log = logging.getLogger("vecd")


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The document. `request_id` is that of the response's header and of the log."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    request_id: str | None = None


def render(
    request: Request[Any, Any, Any], status: HTTPStatus, detail: str, headers: dict[str, str]
) -> Response[bytes]:
    """Return the problem as a response."""
    if len(detail) > LONGEST_DETAIL:  # a detail may quote the request
        detail = detail[:LONGEST_DETAIL] + "…"
    problem = Problem(status.phrase, status.value, detail, request_id=request_id(request.scope))
    document = {"type": problem.type} | msgspec.to_builtins(problem)
    return Response(msgspec.json.encode(document), status_code=status, media_type=PROBLEM_JSON, headers=headers)


def handle_server_error(request: Request[Any, Any, Any], error: ServerError) -> Response[bytes]:
    """Answer one of the project's own errors."""
    status = STATUSES.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
    if status in LOGGED:
        log.error("%s: %s", request.scope["path"], error, exc_info=error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return render(request, status, "the model could not compute this; the log has the cause", {})
    headers = {"retry-after": str(error.retry_after_s)} if isinstance(error, RetryLaterError) else {}
    return render(request, status, str(error), headers)


def handle_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what Litestar found wrong: an unknown route, a method, a body that is missing or too large."""
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        if CLIENT_LEFT in error.detail:
            return render(request, HTTPStatus.BAD_REQUEST, "the body ended early", {})
        return handle_unexpected(request, error)
    return render(request, status, _detail(request, status, error), dict(error.headers or {}))


def handle_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer our own bug, without its insides."""
    log.error("%s: unexpected error", request.scope["path"], exc_info=error)
    return render(request, HTTPStatus.INTERNAL_SERVER_ERROR, "an unexpected error; the log has the cause", {})


def _detail(request: Request[Any, Any, Any], status: HTTPStatus, error: HTTPException) -> str:
    match status:
        case HTTPStatus.NOT_FOUND:
            return f"there is no route {request.scope['path']}"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = (error.headers or {}).get("allow", "")
            return f"{request.method} is not allowed here; {allowed} is"
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            limit = request.app.state.settings.max_body_bytes
            return f"the body is larger than max_body_bytes, {limit}"
        case HTTPStatus.BAD_REQUEST if isinstance(error.extra, list) and error.extra[0].get("key") == "data":
            return "the body is missing"
        case HTTPStatus.BAD_REQUEST if isinstance(error.extra, list):
            return "; ".join(f"{one.get('key', 'body')}: {one['message']}" for one in error.extra)
        case _:
            return error.detail
