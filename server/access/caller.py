"""Who asks, and how long they will wait: what every dialect reads of a request besides its body."""

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from server.access.rates import Account
from server.contract.errors import InvalidInputError
from server.web.request_state import state_of

TIMEOUT_HEADER = b"x-request-timeout-ms"
# A day: nobody waits longer.
LONGEST_MS = 86_400_000
# What one customer of a provider is given at least (RFC 6177): who has that has all its addresses.
SITE_BITS = 64


class Caller(msgspec.Struct, frozen=True):
    """The client that shares the server with others, by its key or its address, and the seconds that it gives.

    `account` is None where there is no limit to how much a client may ask for.
    """

    client: str
    timeout_s: float | None = None
    account: Account | None = None


def caller_of(scope: Any) -> Caller:
    """Return the caller that `server/access/access.py` found."""
    caller = state_of(scope).caller
    assert isinstance(caller, Caller)
    return caller


@lru_cache(4096)
def site_of(address: str) -> str:
    """Return what stands for a client without a key: its IPv4 address, or its IPv6 network."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a Unix socket's peer, or what a trusted proxy made up: all the same client
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, SITE_BITS), strict=False))


def read_timeout_s(headers: Mapping[bytes, bytes]) -> float | None:
    """Return the seconds that the client gives its request, if it says so.

    Raises:
        InvalidInputError: the header holds no whole number of milliseconds.
    """
    value = headers.get(TIMEOUT_HEADER)
    if value is None:
        return None
    if value.isdigit() and len(value) <= len(str(LONGEST_MS)) and 1 <= int(value) <= LONGEST_MS:
        return int(value) / 1e3
    message = f"x-request-timeout-ms is {value[:50].decode('latin-1')!r}, not a number from 1 to {LONGEST_MS}"
    raise InvalidInputError(message, "x-request-timeout-ms")
