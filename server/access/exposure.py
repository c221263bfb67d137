"""A server without keys listens on this machine only, unless the settings say otherwise."""

import ipaddress
import socket

from server.access.key_file import read_keys
from server.contract.errors import ServerError
from server.settings import Settings


def check_exposure(listener: socket.socket, settings: Settings) -> None:
    """Refuse to serve other machines without keys.

    Raises:
        ServerError: the socket can be reached from other machines, there are no keys, and --insecure is not set.
    """
    if settings.uds:
        return
    address = ipaddress.ip_address(listener.getsockname()[0])
    if address.is_loopback or settings.insecure or read_keys(settings.keys) is not None:
        return
    message = (
        f"{settings.host} can be reached from other machines, and {settings.keys} has no keys. Make one with "
        "`python -m server keys add NAME`, or pass --insecure where something else keeps strangers out"
    )
    raise ServerError(message)
