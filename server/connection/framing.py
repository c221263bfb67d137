"""Checks of RFC 9112 that the parser does not make: the target, the host, and where a body ends.

Pure functions over a parsed head. Where two readers disagree on the end of a request, or on its host, one client's
bytes become another client's request (request smuggling); so an ambiguous request is refused, and its connection
closed.
"""

from collections.abc import Iterable
from http import HTTPStatus

import msgspec

from server.connection.refusal import RefusedError

VERSIONS = {"1.0", "1.1"}
FRAMING = {b"host", b"content-length", b"content-type", b"transfer-encoding", b"expect"}
# Bodies of this type may have any length: they are never in memory whole, and are read as fast as they are processed.
STREAMED = b"application/x-ndjson"
# What stands around a name and its value on the wire.
LINE_BYTES = len(b": \r\n")

Header = tuple[bytes, bytes]


class Framing(msgspec.Struct, frozen=True):
    """What the headers say of the body that follows."""

    chunked: bool
    expects_continue: bool
    streamed: bool = False


class Target(msgspec.Struct, frozen=True):
    """The resource that a request asks for; `authority` where the target itself names the host (section 3.2.2)."""

    path: bytes
    query: bytes
    authority: bytes | None = None


def check_size(headers: Iterable[Header], max_header_bytes: int) -> None:
    """Refuse headers that are too large together.

    Raises:
        RefusedError: 431.
    """
    if sum(len(name) + len(value) + LINE_BYTES for name, value in headers) > max_header_bytes:
        raise too_large_headers(max_header_bytes)


def too_large_headers(max_header_bytes: int) -> RefusedError:
    """Return the error of headers, chunk extensions or trailers that are too large."""
    detail = f"the headers are larger than max_header_bytes, {max_header_bytes}"
    return RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail)


def check_head(version: str, headers: list[Header], max_headers: int, max_body_bytes: int) -> Framing:
    """Check a head's version and headers (names in lower case), and return what they say of the body.

    Raises:
        RefusedError: 400, 413, 431, 501 or 505.
    """
    if version not in VERSIONS:
        raise RefusedError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, f"HTTP/{version} is not supported; HTTP/1.1 is")
    if len(headers) > max_headers:
        detail = f"{len(headers)} headers are more than max_headers, {max_headers}"
        raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail)
    hosts, chunked, expects_continue = 0, False, False
    streamed, length = False, 0
    for name, value in headers:
        if name not in FRAMING:
            continue
        if name == b"host":
            hosts += 1
        elif name == b"transfer-encoding":
            chunked = True
            _check_transfer_encoding(version, value)
        elif name == b"expect":  # which means nothing in HTTP/1.0
            expects_continue = version == "1.1" and value.lower() == b"100-continue"
        elif name == b"content-type":
            streamed = value.partition(b";")[0].strip().lower() == STREAMED
        else:
            length = int(value)  # the parser lets only digits pass
    if length > max_body_bytes and not streamed:
        detail = f"the body is larger than max_body_bytes, {max_body_bytes}"
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        detail = f"the request has {hosts} Host headers; it must have one"
        raise RefusedError(HTTPStatus.BAD_REQUEST, detail)
    return Framing(chunked, expects_continue, streamed)


def _check_transfer_encoding(version: str, value: bytes) -> None:
    if version == "1.0":  # section 6.1: faulty framing
        raise RefusedError(HTTPStatus.BAD_REQUEST, "HTTP/1.0 has no Transfer-Encoding")
    codings = [coding.strip() for coding in value.lower().split(b",")]
    if codings[-1] != b"chunked":
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the last Transfer-Encoding must be chunked")
    if len(codings) > 1:
        raise RefusedError(HTTPStatus.NOT_IMPLEMENTED, "the only Transfer-Encoding that is supported is chunked")


def read_target(method: bytes, url: bytes) -> Target:
    """Read a target of three of the four forms (section 3.2); the fourth is for proxies.

    Raises:
        RefusedError: 400.
    """
    if url.startswith(b"/") and method != b"CONNECT" and b"#" not in url:
        path, _, query = url.partition(b"?")
        return Target(path, query)
    if method == b"CONNECT":
        raise RefusedError(HTTPStatus.BAD_REQUEST, "CONNECT is for proxies, and this server is not one")
    if b"#" in url:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the target holds a fragment (#), which stays with the client")
    if url == b"*" and method == b"OPTIONS":
        return Target(url, b"")
    scheme, separator, rest = url.partition(b"://")
    authority, slash, after = rest.partition(b"/")
    authority, mark, query = authority.partition(b"?")
    if not separator or scheme.lower() not in {b"http", b"https"} or not authority or b"@" in authority:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the target is neither a path nor a URL of this server")
    if mark:  # http://host?query/with/slashes
        return Target(b"/", query + slash + after, authority)
    path, _, query = after.partition(b"?")
    return Target(b"/" + path, query, authority)
