"""Answers of the connection itself, to requests that never reach the application or that it left without an answer.

RFC 9457 problem documents, as bytes of HTTP/1.1 (RFC 9112). Such an answer is always the last one of its connection.
"""

import secrets
from collections.abc import Iterable
from http import HTTPStatus

import msgspec

from server.web.headers import ALWAYS
from server.web.problem_document import PROBLEM_JSON, ProblemDocument

Headers = Iterable[tuple[bytes, bytes]]

FIELDS = (
    (b"content-type", PROBLEM_JSON.encode()),
    *ALWAYS,
    (b"connection", b"close"),
)


class Refusal(msgspec.Struct, frozen=True):
    """`detail` tells the client the reason."""

    status: HTTPStatus
    detail: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


ENDED_EARLY = Refusal(HTTPStatus.BAD_REQUEST, "the request ended early")
HALF_CLOSED = Refusal(
    HTTPStatus.BAD_REQUEST, "the connection was half-closed before the answer came; keep it open until then"
)


def too_many_connections(max_connections: int) -> Refusal:
    detail = f"{max_connections} connections are open, as many as this server takes (see max_connections)"
    return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, detail, ((b"retry-after", b"1"),))


def too_many_of_one_address(max_connections: int) -> Refusal:
    detail = f"{max_connections} connections of this address are open, as many as max_connections_per_address allows"
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, detail, ((b"retry-after", b"1"),))


def too_slow(setting: str, seconds: int) -> Refusal:
    return Refusal(HTTPStatus.REQUEST_TIMEOUT, f"the request did not arrive within {setting}, {seconds} s")


class RefusedError(Exception):
    """Raised while parsing: nothing more of this connection is parsed."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(status, detail)


def new_request_id() -> str:
    return secrets.token_hex(8)


def compose(refusal: Refusal, request_id: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return the headers and the body of the answer."""
    status = refusal.status
    document = ProblemDocument(title=status.phrase, status=status.value, detail=refusal.detail, request_id=request_id)
    body = msgspec.json.encode(document)
    own = [(b"content-length", b"%d" % len(body)), (b"x-request-id", request_id.encode())]
    return [*FIELDS, *own, *refusal.headers], body


def render(refusal: Refusal, request_id: str, common: Headers) -> bytes:
    """Return the answer as bytes of HTTP/1.1; `common` are headers that every answer has."""
    headers, body = compose(refusal, request_id)
    lines = b"".join(b"%s: %s\r\n" % header for header in (*common, *headers))
    return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (refusal.status, refusal.status.phrase.encode(), lines, body)
