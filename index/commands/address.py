"""A server's address and key: the arguments of every command that is a client, and a connection made from them."""

import argparse
import ssl
import sys
from pathlib import Path

import httpx2
import msgspec

from index.commands.errors import CommandError

DEFAULT_URL = "http://127.0.0.1:8000"
UNIX = "unix:"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
# The server may keep a stream of documents waiting up to five minutes for room in its queue.
TIMEOUT = httpx2.Timeout(connect=10, read=600, write=600, pool=10)
PATIENCE_S = 300.0


class Address(msgspec.Struct, frozen=True):
    """A server as it was `given`, and the URL below which its routes lie; `socket` is a Unix socket's path."""

    given: str
    base: str
    socket: str | None = None


def add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", default=DEFAULT_URL, help="the server, or unix:PATH (default: %(default)s)")
    key = parser.add_mutually_exclusive_group()
    key.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help="a file with the key on its first line, - is stdin; so it stands in no list of processes",
    )
    key.add_argument("--key", help="the key itself, which others on this machine can see while this runs")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="certificates (PEM) to trust for https, and no others")
    parser.add_argument(
        "--patience",
        type=seconds,
        default=PATIENCE_S,
        metavar="SECONDS",
        help="how long to try again where the server is busy or does not answer (default: %(default).0f)",
    )


def seconds(given: str) -> float:
    """Parse a time, which may be infinite but not negative."""
    found = float(given)
    if not found >= 0:
        raise ValueError
    return found


def key_of(options: argparse.Namespace) -> str | None:
    """Return the key, if one is given; raises CommandError where it cannot be one."""
    key: str | None = options.key
    if options.key_file is not None:
        if options.key_file == Path("-"):
            key = sys.stdin.readline()
        else:
            with options.key_file.open(encoding="utf-8", errors="replace") as file:
                key = file.readline(4096)
    if key is None:
        return None
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        message = "the key is empty, or holds what no key holds; `python -m server keys add NAME` prints one"
        raise CommandError(message)
    return key


def address_of(given: str) -> Address:
    """Parse a server's address; raises CommandError."""
    if given.startswith(UNIX):
        return Address(given, "http://localhost", given.removeprefix(UNIX))
    try:
        url = httpx2.URL(given)
    except (httpx2.InvalidURL, ValueError) as error:
        message = f"{given!r} is no address ({error}); it looks like {DEFAULT_URL}"
        raise CommandError(message) from error
    if url.scheme not in {"http", "https"} or not url.host or url.query or url.fragment or len(given.split()) != 1:
        message = f"{given!r} is no address of a server; it looks like {DEFAULT_URL}"
        raise CommandError(message)
    base = str(url).rstrip("/")
    return Address(base, base)


def connect(address: Address, options: argparse.Namespace) -> httpx2.Client:
    """Return a client that connects when it is first used."""
    key = key_of(options)
    return httpx2.Client(
        timeout=TIMEOUT,
        headers={} if key is None else {"Authorization": f"Bearer {key}"},
        verify=trusted(options.ca),
        trust_env=httpx2.URL(address.base).host not in LOOPBACK,  # a proxy would look for its own loopback
        transport=None if address.socket is None else httpx2.HTTPTransport(uds=address.socket),
    )


def trusted(file: Path | None) -> ssl.SSLContext | bool:
    """Return the certificates that are trusted: those of a file, or this machine's."""
    if file is None:
        return True
    try:
        return ssl.create_default_context(cafile=file)
    except ssl.SSLError as error:
        message = f"{file} holds no certificates in PEM ({error.reason or error})"
        raise CommandError(message) from error
