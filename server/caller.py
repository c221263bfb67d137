"""Who asks, and how long they will wait: what every dialect reads of a request besides its body."""

import msgspec
from litestar.types import Scope

from server.errors import InvalidInputError

TIMEOUT_HEADER = b"x-request-timeout-ms"
# A day: nobody waits longer.
LONGEST_MS = 86_400_000


class Caller(msgspec.Struct, frozen=True):
    """The client that shares the server with others, by its address, and the seconds that it gives its request."""

    client: str
    timeout_s: float | None = None


def read_caller(scope: Scope) -> Caller:
    """Return the caller of a request.

    Raises:
        InvalidInputError: the header with the timeout holds no whole number of milliseconds.
    """
    address = scope.get("client")
    client = address[0] if address else ""
    for name, value in scope["headers"]:
        if name == TIMEOUT_HEADER:
            return Caller(client, _milliseconds(value) / 1e3)
    return Caller(client)


def _milliseconds(value: bytes) -> int:
    if value.isdigit() and len(value) <= len(str(LONGEST_MS)) and 1 <= int(value) <= LONGEST_MS:
        return int(value)
    message = f"x-request-timeout-ms is {value[:50].decode('latin-1')!r}, not a number from 1 to {LONGEST_MS}"
    raise InvalidInputError(message)
