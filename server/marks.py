"""What vecd leaves in a request's ASGI scope for those who see the request before or after."""

import asyncio
from collections.abc import Mapping
from typing import Any

REQUEST_ID = "vecd.request_id"
# The task that serves the request; and the status to count where that was ended early: see `server/protocol.py`.
TASK, LEFT = "vecd.task", "vecd.left"
# Who asks, and the media type of the answer: see `server/access.py`.
CALLER, MEDIA = "vecd.caller", "vecd.media"
# The id of the document in the path, percent-encoded: see `server/ids.py`.
DOCUMENT_ID = "vecd.document_id"
# The path as it was, before a stand-in took the id's place.
PATH = "vecd.path"
# What the client sent, by name; of a name that is there twice, the last.
SENT = "vecd.sent"
# A function whose headers the answer gets, whatever it is.
HEADERS = "vecd.headers"

# For whoever shows an answer in a browser (OWASP REST security cheat sheet); pages bring their own.
SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
    # Where nothing was embedded.
    (b"server-timing", b"queue;dur=0, tokenize;dur=0, inference;dur=0"),
)


def marks(scope: Any) -> dict[str, Any]:
    """Return an ASGI scope as the mapping that it is."""
    ours: dict[str, Any] = scope
    return ours


def headers_of(scope: Any) -> Mapping[bytes, bytes]:
    """Return the headers of a request by their names in lower case; of a name that is there twice, the last."""
    headers: Mapping[bytes, bytes] = scope[SENT]
    return headers


def request_id(scope: Any) -> str:
    """Return the id of the request that this scope belongs to."""
    return str(scope.get(REQUEST_ID, "-"))


def mark_task(scope: Any) -> None:
    """Remember the task that serves this request: a client that leaves cancels it."""
    scope[TASK] = asyncio.current_task()
