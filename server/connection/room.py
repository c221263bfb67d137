"""How many connections are open, and who may open one more: a bound on all, and one on those of each address.

A connection has its place from its accept until it is closed, a TLS handshake included. One that is refused has one of
a few places apart, to read why; where those are taken too it is closed without a word. Used from the event loop only.
"""

import ipaddress
from collections import Counter
from functools import lru_cache

import msgspec

from server.connection.refusal import Refusal, too_many_connections, too_many_of_one_address
from server.settings import UNIX, Settings

# Refused connections that may be open at once. Each lingers for a few seconds, so that its client can read the answer.
MAX_REFUSED = 128
# Of max_connections, what one address may have unless the settings say so.
SHARE_OF_ONE_ADDRESS = 4
# Addresses whose group is remembered: parsing one takes as long as accepting it.
REMEMBERED = 4096
# A network that is given to one subscriber (RFC 6177).
IPV6_PREFIX = 64

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Limits(msgspec.Struct, frozen=True):
    """`per_address` bounds the connections of each address that is not in `spared`."""

    connections: int
    per_address: int
    spared: tuple[Network, ...] = ()


LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


def limits_of(settings: Settings, connections: int) -> Limits:
    """Return the limits for so many connections.

    Trusted proxies are never bounded: many clients come by one. Nor is this machine, unless the setting is given.
    """
    spared = tuple(ipaddress.ip_network(proxy) for proxy in settings.trusted_proxies if proxy != UNIX)
    if settings.max_connections_per_address:
        return Limits(connections, settings.max_connections_per_address, spared)
    return Limits(connections, max(1, connections // SHARE_OF_ONE_ADDRESS), (*spared, *LOOPBACK))


class Place:
    """The place of one connection; `refusal` is what its client must be told, if it may not stay."""

    __slots__ = ("_left", "_room", "group", "refusal")

    def __init__(self, room: "Room", group: str | None, refusal: Refusal | None) -> None:
        self._room = room
        self._left = False
        self.group = group
        self.refusal = refusal

    def leave(self) -> None:
        """Give the place back; further calls do nothing."""
        if not self._left:
            self._left = True
            self._room.take_back(self)


class Room:
    """The places of all connections."""

    def __init__(self, limits: Limits, max_refused: int = MAX_REFUSED) -> None:
        self.limits = limits
        self.taken = 0
        self.refused = 0
        self._max_refused = max_refused
        self._by_group: Counter[str] = Counter()

    def enter(self, address: str) -> Place | None:
        """Return a place for a connection from an address (empty for a Unix socket), or None where there is none."""
        group = group_of(address, self.limits.spared)
        refusal = self._refusal(group)
        if refusal is not None:
            if self.refused >= self._max_refused:
                return None
            self.refused += 1
            return Place(self, None, refusal)
        self.taken += 1
        if group is not None:
            self._by_group[group] += 1
        return Place(self, group, None)

    def _refusal(self, group: str | None) -> Refusal | None:
        limits = self.limits
        if group is not None and self._by_group[group] >= limits.per_address:
            return too_many_of_one_address(limits.per_address)
        return too_many_connections(limits.connections) if self.taken >= limits.connections else None

    def take_back(self, place: Place) -> None:
        """Count a connection as closed; see `Place.leave`."""
        if place.refusal is not None:
            self.refused -= 1
            return
        self.taken -= 1
        if place.group is not None:
            self._by_group[place.group] -= 1
            if not self._by_group[place.group]:
                del self._by_group[place.group]


@lru_cache(REMEMBERED)
def group_of(address: str, spared: tuple[Network, ...]) -> str | None:
    """Return what an address is counted as: itself, or its /64; None where it is not bounded."""
    if not address:
        return None
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if any(parsed in network for network in spared):
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)
