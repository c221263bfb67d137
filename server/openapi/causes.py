"""The error statuses of a route, and their reasons: each possible error is passed to the dialect, which answers it.

So a dialect that answers a wrong request with 422, where others answer 400, documents just that.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec

from server.contract.errors import (
    DeadlineError,
    EmptyInputError,
    InferenceError,
    InvalidInputError,
    OverloadedError,
    RetryLaterError,
    ServerError,
    UnacceptableInputError,
    UnavailableError,
    UnknownModelError,
)
from server.openapi.limits import REFUSING_EMPTY, markers_of
from server.web.dialect import Dialect, Problem
from server.web.error_table import ERRORS
from server.web.errors import (
    ForbiddenError,
    NotAcceptableError,
    RateError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedMediaError,
)
from server.web.operations import Operation

SAMPLE_ID = "5f1c9a4e00000007"
# The answers before a route is found, always problem documents (`server/connection/protocol.py`).
BEFORE_ROUTING: dict[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "This is not HTTP/1.1.",
    HTTPStatus.REQUEST_TIMEOUT: "The headers took more than `--header-timeout-s`, or the body `--body-timeout-s`.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body has more than `--max-body-bytes`.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The path and the query have more than `--max-url-bytes`.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "There are more than `--max-headers` or `--max-header-bytes`.",
    HTTPStatus.NOT_IMPLEMENTED: "The Transfer-Encoding is not chunked.",
    HTTPStatus.SERVICE_UNAVAILABLE: "There are `--max-connections` connections already, or the server is stopping.",
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED: "The version of HTTP is neither 1.0 nor 1.1.",
}
UNEXPECTED = "An error of the server itself; the log has the cause under the request's id."
WITH_BODY = (InvalidInputError, TooLargeError, UnsupportedMediaError)
WITH_TEXTS = (UnacceptableInputError, OverloadedError, UnavailableError)
EMBEDDING = (InferenceError, DeadlineError)


class Answer(msgspec.Struct):
    """One status: the reasons for it, a sample body, and the headers that it always has."""

    status: HTTPStatus
    sample: Any
    reasons: list[str]
    headers: set[str]


def errors_of(operation: Operation, *, keys_required: bool) -> Iterator[type[ServerError]]:
    """Yield each error that a route can raise."""
    yield NotAcceptableError
    if operation.scope is not None:
        yield InvalidInputError  # x-request-timeout-ms
        yield RateError
        if keys_required:
            yield UnauthorizedError
        if not keys_required or operation.scope != "any":
            yield ForbiddenError
    if operation.request is not None:
        yield from WITH_BODY
    if operation.scope == "embed" or operation.uses_model:
        yield from WITH_TEXTS
    if operation.uses_model:
        yield from EMBEDDING
    yield from operation.raises
    if REFUSING_EMPTY & markers_of(operation.request):
        yield EmptyInputError
    if "model" in set().union(*map(markers_of, (operation.request, *(one.kind for one in operation.parameters)))):
        yield UnknownModelError


def answers_of(operation: Operation, dialect: Dialect, *, keys_required: bool) -> dict[HTTPStatus, Answer]:
    """Return the error answers of a route, as its dialect gives them."""
    problems = [_problem(kind) for kind in dict.fromkeys(errors_of(operation, keys_required=keys_required))]
    known = {problem.status for problem in problems}
    problems += [
        _bare(status, "There is nothing with that name.") for status in operation.errors if status not in known
    ]
    problems.append(_bare(HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED))
    found: dict[HTTPStatus, Answer] = {}
    for problem in problems:
        given = dialect.answer_error(problem)
        headers = _headers(problem.error)
        answer = found.setdefault(given.status, Answer(given.status, msgspec.to_builtins(given.body), [], headers))
        answer.headers &= headers
        if problem.detail not in answer.reasons:
            answer.reasons.append(problem.detail)
    return dict(sorted(found.items()))


def _problem(kind: type[ServerError]) -> Problem:
    """Return the problem of an error of this class."""
    meaning = ERRORS[kind]
    error = RateError(meaning.about, 1.0, "requests") if kind is RateError else kind(meaning.about)
    return Problem(status=meaning.status, detail=meaning.about, request_id=SAMPLE_ID, error=error)


def _bare(status: HTTPStatus, detail: str) -> Problem:
    return Problem(status=status, detail=detail, request_id=SAMPLE_ID)


def _headers(error: Exception | None) -> set[str]:
    if isinstance(error, RetryLaterError):
        return {"retry-after"}
    return {"www-authenticate"} if isinstance(error, UnauthorizedError) else set()
