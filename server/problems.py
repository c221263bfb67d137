"""From what went wrong to a status: the one table. What it looks like is the dialect's.

Messages of the project's own errors are written for clients; of anything else only the status is told, and the cause
is in the log under the request's id.
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import Scope

from server.dialects import Dialect, Problem, dialect_of
from server.errors import (
    DeadlineError,
    EmptyInputError,
    ForbiddenError,
    InferenceError,
    InvalidInputError,
    NotAcceptableError,
    OverloadedError,
    RateError,
    RetryLaterError,
    ServerError,
    TooLargeError,
    UnacceptableInputError,
    UnauthorizedError,
    UnavailableError,
    UnknownModelError,
    UnsupportedMediaError,
    places,
)
from server.marks import request_id

STATUSES: dict[type[ServerError], HTTPStatus] = {
    InvalidInputError: HTTPStatus.BAD_REQUEST,
    EmptyInputError: HTTPStatus.BAD_REQUEST,
    UnauthorizedError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    UnknownModelError: HTTPStatus.NOT_FOUND,
    NotAcceptableError: HTTPStatus.NOT_ACCEPTABLE,
    TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMediaError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    UnacceptableInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    OverloadedError: HTTPStatus.TOO_MANY_REQUESTS,
    RateError: HTTPStatus.TOO_MANY_REQUESTS,
    InferenceError: HTTPStatus.INTERNAL_SERVER_ERROR,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    DeadlineError: HTTPStatus.GATEWAY_TIMEOUT,
}
LOGGED = {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE}
LONGEST_DETAIL = 500

log = logging.getLogger("vecd")


class Problems:
    """Tells errors in the dialect of the path."""

    def __init__(self, dialects: Sequence[Dialect]) -> None:
        self._dialects = dialects

    def render(self, scope: Scope, problem: Problem) -> tuple[int, str, bytes]:
        """Return the status, the media type and the body."""
        dialect = dialect_of(scope["path"], self._dialects)
        told = dialect.tell(problem)
        return told.status.value, dialect.media_type, msgspec.json.encode(told.body)

    def handle_server_error(self, request: Request[Any, Any, Any], error: ServerError) -> Response[bytes]:
        """Answer one of the project's own errors."""
        status = STATUSES.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
        if status in LOGGED:
            log.error("%s: %s", request.scope["path"], error)
        detail, headers = str(error), dict[str, str]()
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            detail = "the model could not compute this; the log has the cause"
        if isinstance(error, RetryLaterError):
            headers["retry-after"] = str(error.retry_after_s)
        if isinstance(error, UnauthorizedError):
            headers["www-authenticate"] = 'Bearer realm="vecd"'
        return self._respond(request, status, detail, error, headers)

    def handle_http_exception(self, request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
        """Answer what Litestar found wrong: an unknown route, a method, a parameter."""
        status = HTTPStatus(error.status_code)
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.handle_unexpected(request, error)
        return self._respond(request, status, _detail(request, status, error), None, error.headers or {})

    def handle_unexpected(self, request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        """Answer our own bug, without its insides."""
        log.error("%s: unexpected %s at %s", request.scope["path"], type(error).__name__, places(error))
        detail = "an unexpected error; the log has the cause"
        return self._respond(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail, None, {})

    def _respond(
        self,
        request: Request[Any, Any, Any],
        status: HTTPStatus,
        detail: str,
        error: ServerError | None,
        headers: Mapping[str, str],
    ) -> Response[bytes]:
        if len(detail) > LONGEST_DETAIL:  # a detail may quote the request
            detail = detail[:LONGEST_DETAIL] + "…"
        problem = Problem(status=status, detail=detail, request_id=request_id(request.scope), error=error)
        told, media_type, body = self.render(request.scope, problem)
        return Response(body, status_code=told, media_type=media_type, headers=dict(headers))


def _detail(request: Request[Any, Any, Any], status: HTTPStatus, error: HTTPException) -> str:
    match status:
        case HTTPStatus.NOT_FOUND:
            return f"there is no route {request.scope['path']}"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = (error.headers or {}).get("allow", "")
            return f"{request.method} is not allowed here; {allowed} is"
        case HTTPStatus.BAD_REQUEST if isinstance(error.extra, list):
            return "; ".join(f"{one.get('key', 'body')}: {one['message']}" for one in error.extra)
        case _:
            return error.detail
