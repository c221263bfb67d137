"""The names that a server without keys answers to.

A web page can make its own name resolve to this machine and then call it as its own origin (DNS rebinding), but it
cannot choose the Host header. So without keys the Host header must name this machine.
"""

import ipaddress
import re
from functools import lru_cache

LOCAL = "localhost"
# RFC 9110, section 7.2: a name or an address, and optionally a port.
HOST = re.compile(r"(\[(?P<v6>[^\]]*)\]|(?P<name>[^:\[\]]*))(:\d*)?")


class Hosts:
    """Names of this machine, and those that the settings add."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self.known = lru_cache(256)(self._known)

    def _known(self, header: str) -> bool:
        """Return whether a Host header names this machine: by address, as localhost, or by a name of the settings."""
        parts = HOST.fullmatch(header.lower())
        if parts is None:
            return False
        if parts["v6"] is not None:
            return _is_address(parts["v6"])
        name = parts["name"].rstrip(".")
        return name in self._names or name == LOCAL or name.endswith("." + LOCAL) or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
