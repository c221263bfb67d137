"""From an error to an answer: its status and detail. What the answer looks like is the dialect's.

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

from server.contract.errors import (
    InferenceError,
    RetryLaterError,
    ServerError,
    StorageFullError,
    UnexpectedError,
)
from server.logs import places
from server.web.dialect import Dialect, Problem, dialect_of
from server.web.error_table import ERRORS
from server.web.errors import StreamStoppedError, UnauthorizedError
from server.web.problem_document import UNEXPECTED
from server.web.request_state import path_of, request_id_of

LOGGED = {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE}
LONGEST_DETAIL = 500
# The log names the file.
FULL = "the disk is full or cannot be written; what was acknowledged is there. Make room, or make it writable"

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

    def handle_own_error(self, request: Request[Any, Any, Any], error: ServerError) -> Response[bytes]:
        """Answer one of the project's own errors."""
        status = status_of(error)
        cause = error.cause if isinstance(error, StreamStoppedError) else error
        if status in LOGGED:
            log.error("%s: %s", path_of(request.scope), cause)
        detail, headers = detail_of(error), dict[str, str]()
        if isinstance(cause, RetryLaterError):
            headers["retry-after"] = str(cause.retry_after_s)
        if isinstance(cause, UnauthorizedError):
            headers["www-authenticate"] = 'Bearer realm="vecd"'
        return self._respond(request, status, detail, error, headers)

    def handle_http_exception(self, request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
        """Answer what Litestar found wrong: an unknown route, a method, a parameter."""
        status = HTTPStatus(error.status_code)
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.handle_unexpected(request, error)
        return self._respond(request, status, shortened(_detail(request, status, error)), None, error.headers or {})

    def handle_unexpected(self, request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        """Answer our own bug, without its insides."""
        log.error("%s: unexpected %s at %s", path_of(request.scope), type(error).__name__, places(error))
        return self._respond(request, HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED, None, {})

    def _respond(
        self,
        request: Request[Any, Any, Any],
        status: HTTPStatus,
        detail: str,
        error: ServerError | None,
        headers: Mapping[str, str],
    ) -> Response[bytes]:
        problem = Problem(status=status, detail=detail, request_id=request_id_of(request.scope), error=error)
        told, media_type, body = self.render(request.scope, problem)
        return Response(body, status_code=told, media_type=media_type, headers=dict(headers))


def status_of(error: ServerError) -> HTTPStatus:
    """Return the status of one of the project's own errors."""
    cause = error.cause if isinstance(error, StreamStoppedError) else error
    meaning = ERRORS.get(type(cause))
    return meaning.status if meaning else HTTPStatus.INTERNAL_SERVER_ERROR


def detail_of(error: ServerError) -> str:
    """Return what a client is told of it."""
    if isinstance(error, StreamStoppedError):
        return str(error)
    if isinstance(error, UnexpectedError):
        return UNEXPECTED
    if isinstance(error, InferenceError):
        return "the model could not compute this; the log has the cause"
    if status_of(error) is HTTPStatus.INTERNAL_SERVER_ERROR:
        return "an error of the server itself; the log has the cause"
    if isinstance(error, StorageFullError):
        return FULL
    return shortened(str(error))


def shortened(detail: str) -> str:
    """Return a detail, cut where it is long: it may quote the request."""
    return detail if len(detail) <= LONGEST_DETAIL else detail[:LONGEST_DETAIL] + "…"


def _detail(request: Request[Any, Any, Any], status: HTTPStatus, error: HTTPException) -> str:
    match status:
        case HTTPStatus.NOT_FOUND:
            return f"there is no route {path_of(request.scope)}"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = (error.headers or {}).get("allow", "")
            return f"{request.method} is not allowed here; {allowed} is"
        case HTTPStatus.BAD_REQUEST if isinstance(error.extra, list):
            return "; ".join(f"{one.get('key', 'body')}: {one['message']}" for one in error.extra)
        case _:
            return error.detail
