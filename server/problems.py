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

from index import (
    ClosedError,
    CollectionNameError,
    DocumentError,
    FilterError,
    FingerprintError,
    IndexRoomError,
    QueryError,
    StorageFullError,
    UnknownCollectionError,
    VectorError,
)
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
    StreamStoppedError,
    TooLargeError,
    UnacceptableInputError,
    UnauthorizedError,
    UnavailableError,
    UnknownDocumentError,
    UnknownModelError,
    UnsupportedMediaError,
    places,
)
from server.marks import PATH, request_id

STATUSES: dict[type[Exception], HTTPStatus] = {
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
    UnknownDocumentError: HTTPStatus.NOT_FOUND,
    UnknownCollectionError: HTTPStatus.NOT_FOUND,
    DocumentError: HTTPStatus.UNPROCESSABLE_ENTITY,
    VectorError: HTTPStatus.UNPROCESSABLE_ENTITY,
    FilterError: HTTPStatus.UNPROCESSABLE_ENTITY,
    QueryError: HTTPStatus.UNPROCESSABLE_ENTITY,
    CollectionNameError: HTTPStatus.UNPROCESSABLE_ENTITY,
    FingerprintError: HTTPStatus.CONFLICT,
    StorageFullError: HTTPStatus.INSUFFICIENT_STORAGE,
    ClosedError: HTTPStatus.SERVICE_UNAVAILABLE,
}
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

    def handle_own_error(self, request: Request[Any, Any, Any], error: ServerError | IndexRoomError) -> Response[bytes]:
        """Answer one of the project's own errors."""
        status = status_of(error)
        cause = error.cause if isinstance(error, StreamStoppedError) else error
        if status in LOGGED:
            log.error("%s: %s", _path(request.scope), cause)
        detail, headers = detail_of(error), dict[str, str]()
        if isinstance(cause, RetryLaterError):
            headers["retry-after"] = str(cause.retry_after_s)
        if isinstance(cause, ClosedError):
            headers["retry-after"] = "1"
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
        log.error("%s: unexpected %s at %s", _path(request.scope), type(error).__name__, places(error))
        detail = "an unexpected error; the log has the cause"
        return self._respond(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail, None, {})

    def _respond(
        self,
        request: Request[Any, Any, Any],
        status: HTTPStatus,
        detail: str,
        error: Exception | None,
        headers: Mapping[str, str],
    ) -> Response[bytes]:
        problem = Problem(status=status, detail=detail, request_id=request_id(request.scope), error=error)
        told, media_type, body = self.render(request.scope, problem)
        return Response(body, status_code=told, media_type=media_type, headers=dict(headers))


def status_of(error: Exception) -> HTTPStatus:
    """Return the status of one of the project's own errors."""
    cause = error.cause if isinstance(error, StreamStoppedError) else error
    return STATUSES.get(type(cause), HTTPStatus.INTERNAL_SERVER_ERROR)


def detail_of(error: Exception) -> str:
    """Return what a client is told of it."""
    if isinstance(error, StreamStoppedError):
        return str(error)
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


def _path(scope: Any) -> str:
    return str(scope.get(PATH, scope["path"]))


def _detail(request: Request[Any, Any, Any], status: HTTPStatus, error: HTTPException) -> str:
    match status:
        case HTTPStatus.NOT_FOUND:
            return f"there is no route {_path(request.scope)}"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = (error.headers or {}).get("allow", "")
            return f"{request.method} is not allowed here; {allowed} is"
        case HTTPStatus.BAD_REQUEST if isinstance(error.extra, list):
            return "; ".join(f"{one.get('key', 'body')}: {one['message']}" for one in error.extra)
        case _:
            return error.detail
