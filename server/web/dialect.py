"""What one kind of client expects: where its routes are, and how an error looks.

A dialect is a folder under `server/dialects/`; an error that is found before any route is answered in the dialect of
the path.
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from server.contract.errors import ServerError
from server.web.replies import JSON


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, in no dialect yet. `error` is None where Litestar found it, not vecd."""

    status: HTTPStatus
    detail: str
    request_id: str
    error: ServerError | None = None


class ErrorAnswer(msgspec.Struct, frozen=True):
    """A problem as a dialect answers it: the status, and the body as a struct or a mapping."""

    status: HTTPStatus
    body: Any


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """`error` is the struct of its errors, for the documentation. The native dialect has the empty prefix."""

    name: str
    about: str
    prefix: str
    answer_error: Callable[[Problem], ErrorAnswer]
    error: type
    media_type: str = JSON

    def has(self, path: str) -> bool:
        return path.startswith(self.prefix) and path[len(self.prefix) :][:1] in {"", "/"}


def dialect_of(path: str, dialects: Sequence[Dialect]) -> Dialect:
    """Return the first dialect that has the path, or the last one, since the target `*` is not a path."""
    return next((dialect for dialect in dialects if dialect.has(path)), dialects[-1])
