"""The client of a request and the time that it allows, which every dialect reads besides the body."""

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from server.access.key import Key
from server.access.rates import Account
from server.contract.errors import InvalidInputError
from server.web.key_scopes import KeyScope
from server.web.request_state import state_of

TIMEOUT_HEADER = b"x-request-timeout-ms"
# A day.
LONGEST_MS = 86_400_000
# The IPv6 network that a provider gives one customer at least (RFC 6177), who has all its addresses.
NETWORK_BITS = 64


class Caller(msgspec.Struct, frozen=True):
    """`client` is the id of a key, or an address; `timeout_s` how long the client waits, if it says so.

    `account` is None where clients have no limits, `key` where none is required.
    """

    client: str
    timeout_s: float | None = None
    account: Account | None = None
    key: Key | None = None

    @property
    def cache_owner(self) -> str:
        """Whose embeddings the cache gives: its own to each key, and to all where none is required."""
        return "" if self.key is None else self.client

    def has(self, scope: KeyScope) -> bool:
        return self.key is None or scope in self.key.scopes

    def reaches(self, collection: str) -> bool:
        return self.key is None or self.key.reaches(collection)


def caller_of(scope: Any) -> Caller:
    """Return the caller that the access check found."""
    caller = state_of(scope).caller
    assert isinstance(caller, Caller)
    return caller


@lru_cache(4096)
def network_of(address: str) -> str:
    """Return what identifies a client without a key: its IPv4 address, or its IPv6 network."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a Unix socket's peer, or nonsense from a trusted proxy: all of these are one client
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, NETWORK_BITS), strict=False))


def read_timeout_s(headers: Mapping[bytes, bytes]) -> float | None:
    """Return how many seconds the client waits, if it says so.

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
