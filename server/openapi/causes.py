"""Which statuses a route answers besides its own, and why: each possible error is told to the dialect, and it answers.

So a dialect that calls a wrong request 422 where the others say 400 documents just that.
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
# What the door answers before there is a route, always as a problem document (`server/connection/protocol.py`).
DOOR: dict[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "This is not HTTP/1.1.",
    HTTPStatus.REQUEST_TIMEOUT: "The headers did not come in `--header-timeout-s`, or the body in `--body-timeout-s`.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body has more than `--max-body-bytes`.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The path and the query have more than `--max-url-bytes`.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "There are more than `--max-headers` or `--max-header-bytes`.",
    HTTPStatus.NOT_IMPLEMENTED: "A Transfer-Encoding other than chunked.",
    HTTPStatus.SERVICE_UNAVAILABLE: "There are `--max-connections` already, or the server stops.",
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED: "A version of HTTP other than 1.0 and 1.1.",
}
UNEXPECTED = "An error of the server itself; the log has the cause under the request's id."
WITH_BODY = (InvalidInputError, TooLargeError, UnsupportedMediaError)
WITH_TEXTS = (UnacceptableInputError, OverloadedError, UnavailableError)
EMBEDDING = (InferenceError, DeadlineError)


class Answer(msgspec.Struct):
    """One status: the reasons for it, a body as a sample, and the headers that it has for sure."""

    status: HTTPStatus
    sample: Any
    reasons: list[str]
    headers: set[str]


def errors_of(operation: Operation, *, keys_required: bool) -> Iterator[type[ServerError]]:
    """Give each of the project's errors that a route of this kind can end in."""
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
    """Return what a route answers where something is wrong, in the words of its dialect."""
    problems = [_problem(kind) for kind in dict.fromkeys(errors_of(operation, keys_required=keys_required))]
    known = {problem.status for problem in problems}
    problems += [_bare(status, "There is nothing of that name.") for status in operation.errors if status not in known]
    problems.append(_bare(HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED))
    found: dict[HTTPStatus, Answer] = {}
    for problem in problems:
        told = dialect.tell(problem)
        headers = _headers(problem.error)
        answer = found.setdefault(told.status, Answer(told.status, msgspec.to_builtins(told.body), [], headers))
        answer.headers &= headers
        if problem.detail not in answer.reasons:
            answer.reasons.append(problem.detail)
    return dict(sorted(found.items()))


def _problem(kind: type[ServerError]) -> Problem:
    """Return a problem as this error would be."""
    meaning = ERRORS[kind]
    error = RateError(meaning.about, 1.0, "requests") if kind is RateError else kind(meaning.about)
    return Problem(status=meaning.status, detail=meaning.about, request_id=SAMPLE_ID, error=error)


def _bare(status: HTTPStatus, detail: str) -> Problem:
    return Problem(status=status, detail=detail, request_id=SAMPLE_ID)


def _headers(error: Exception | None) -> set[str]:
    if isinstance(error, RetryLaterError):
        return {"retry-after"}
    return {"www-authenticate"} if isinstance(error, UnauthorizedError) else set()
