"""From an error to an answer: its status and detail, which the dialect renders.

Messages of a ServerError are written for clients; of any other error only the status is answered, and the log has the
cause under the request's id.
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
from server.logs import origin_of
from server.web.dialect import Dialect, Problem, dialect_of
from server.web.error_table import ERRORS
from server.web.errors import StreamStoppedError, UnauthorizedError
from server.web.problem_document import UNEXPECTED
from server.web.request_state import path_of, request_id_of

LOGGED = {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE}
LONGEST_DETAIL = 500
# The error's own message names the file; it is for the log.
DISK_FULL = "the disk is full or cannot be written; acknowledged writes are kept. Make room, or make it writable"

log = logging.getLogger("vecd")


class Problems:
    """Renders errors in the dialect of the path."""

    def __init__(self, dialects: Sequence[Dialect]) -> None:
        self._dialects = dialects

    def render(self, scope: Scope, problem: Problem) -> tuple[int, str, bytes]:
        """Return the status, the media type and the body."""
        dialect = dialect_of(scope["path"], self._dialects)
        answer = dialect.answer_error(problem)
        return answer.status.value, dialect.media_type, msgspec.json.encode(answer.body)

    def handle_own_error(self, request: Request[Any, Any, Any], error: ServerError) -> Response[bytes]:
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
        """Answer an error of Litestar's: an unknown route, a method, a parameter."""
        status = HTTPStatus(error.status_code)
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.handle_unexpected(request, error)
        return self._respond(request, status, shortened(_detail(request, status, error)), None, error.headers or {})

    def handle_unexpected(self, request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        """Answer a bug of the server, without its message."""
        log.error("%s: unexpected %s at %s", path_of(request.scope), type(error).__name__, origin_of(error))
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
        code, media_type, body = self.render(request.scope, problem)
        return Response(body, status_code=code, media_type=media_type, headers=dict(headers))


def no_route(scope: Scope) -> Problem:
    """Return the problem of a path that nobody serves."""
    detail = shortened(_no_route(scope))
    return Problem(status=HTTPStatus.NOT_FOUND, detail=detail, request_id=request_id_of(scope))


def status_of(error: ServerError) -> HTTPStatus:
    cause = error.cause if isinstance(error, StreamStoppedError) else error
    meaning = ERRORS.get(type(cause))
    return meaning.status if meaning else HTTPStatus.INTERNAL_SERVER_ERROR


def detail_of(error: ServerError) -> str:
    """Return the message for the client."""
    if isinstance(error, StreamStoppedError):
        return str(error)
    if isinstance(error, UnexpectedError):
        return UNEXPECTED
    if isinstance(error, InferenceError):
        return "the model could not compute this; the log has the cause"
    if status_of(error) is HTTPStatus.INTERNAL_SERVER_ERROR:
        return "an error of the server itself; the log has the cause"
    if isinstance(error, StorageFullError):
        return DISK_FULL
    return shortened(str(error))


def shortened(detail: str) -> str:
    """Cut a detail that is too long: it may quote the request."""
    return detail if len(detail) <= LONGEST_DETAIL else detail[:LONGEST_DETAIL] + "…"


def _no_route(scope: Scope) -> str:
    return f"there is no route {path_of(scope)}"


def _detail(request: Request[Any, Any, Any], status: HTTPStatus, error: HTTPException) -> str:
    match status:
        case HTTPStatus.NOT_FOUND:
            return _no_route(request.scope)
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = (error.headers or {}).get("allow", "")
            return f"{request.method} is not allowed here; {allowed} is"
        case HTTPStatus.BAD_REQUEST if isinstance(error.extra, list):
            return "; ".join(f"{one.get('key', 'body')}: {one['message']}" for one in error.extra)
        case _:
            return error.detail
