"""The reading half of a connection: bytes in, requests out, none of them beyond a limit.

Data is fed to the parser in pieces, so that a limit is exceeded by one piece at most. Nothing after a refused request
is read.
"""

import logging
from http import HTTPStatus
from typing import Any, Protocol

import httptools
import msgspec

from server.connection.framing import Framing, Header, Target, check_head, check_size, read_target, too_large_headers
from server.connection.refusal import RefusedError
from server.connection.timeouts import Sweep
from server.logs import origin_of
from server.settings import Settings
from server.web.problem_document import UNEXPECTED

# It bounds how much is parsed between two checks of a limit, and how many pipelined requests wait.
PIECE_BYTES = 16 * 1024
# Bytes allowed around each chunk; extensions and trailers beyond them count as headers.
CHUNK_BYTES = 16

# The part of a request that is being received. (Looking up a member of an enum takes a tenth of a microsecond.)
NOTHING, HEAD, BODY = 0, 1, 2

log = logging.getLogger("vecd")


class Head(msgspec.Struct, frozen=True):
    """A request whose body follows. Names of headers are in lower case."""

    method: bytes
    version: str
    target: Target
    headers: list[Header]
    framing: Framing
    persistent: bool


class Receiver(Protocol):
    """Takes each request: its head, then pieces of its body, then its end."""

    def receive_head(self, head: Head) -> None: ...

    def receive_body(self, data: bytes) -> None: ...

    def receive_end(self) -> None: ...


class RequestReader:
    """The parser of one connection. Its `on_` methods are called by httptools."""

    def __init__(self, receiver: Receiver, settings: Settings, sweep: Sweep) -> None:
        self.part = NOTHING
        self.deadline = 0  # of the part, in ticks
        self.kept = bytearray()
        self.origin: bytes | None = None  # of the page that sends what is being received, once its header has come
        self.waits = False  # set by the receiver while a request waits for the one before it
        self._receiver = receiver
        self._settings = settings
        self._sweep = sweep
        self._parser: Any = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: list[Header] = []
        self._chunked = self._upgrades = self._streamed = False
        # Bytes of the part without the piece in which it began (-1 during that piece); of the last piece; of the body.
        self._raw = self._fed = self._payload = self._chunks = 0

    def take(self, data: bytes) -> int:
        """Parse data, up to a request that has to wait; return how many bytes are kept for later.

        Raises:
            RefusedError: no request can be read from here on.
        """
        if not self.kept and len(data) <= PIECE_BYTES and not self.waits:
            self._feed(data)
            return 0
        self.kept += data
        while self.kept and not self.waits:
            piece = bytes(self.kept[:PIECE_BYTES])
            del self.kept[:PIECE_BYTES]
            self._feed(piece)
        return len(self.kept)

    def _feed(self, piece: bytes) -> None:
        self._fed = len(piece)
        while True:
            try:
                self._parser.feed_data(piece)
                break
            except httptools.HttpParserUpgrade as upgrade:
                # No upgrade is supported, and RFC 9110 lets a server ignore the header; but the parser would take the
                # request's body for the other protocol's bytes. It gets the request again, without the header.
                piece = self._plain_head() + piece[upgrade.args[0] :]
                self._parser = httptools.HttpRequestParser(self)
            except httptools.HttpParserCallbackError as error:
                if isinstance(error.__context__, RefusedError):
                    raise error.__context__ from None
                log.error("a request could not be taken: %s", origin_of(error.__context__ or error))
                raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED) from error
            except httptools.HttpParserError as error:
                raise RefusedError(HTTPStatus.BAD_REQUEST, f"this is not HTTP/1.1: {error}") from error
        if self.part:
            self._measure(self._fed)

    def stop(self) -> None:
        """Forget the request that is being received."""
        self.part = NOTHING
        self.kept.clear()

    def close(self) -> None:
        """Drop the parser, which holds a reference to this object."""
        self._parser = None

    def _plain_head(self) -> bytes:
        self._upgrades = False
        lines = (b"%s: %s\r\n" % header for header in self._headers if header[0] != b"upgrade")
        start = (self._parser.get_method(), self._url, self._parser.get_http_version().encode())
        return b"%s %s HTTP/%s\r\n%s\r\n" % (*start, b"".join(lines))

    def _measure(self, fed: int) -> None:
        """Bound the bytes that the parser keeps or skips without a callback."""
        if self._raw < 0:
            self._raw = self._payload = self._chunks = 0
            return
        self._raw += fed
        known = len(self._url) if self.part == HEAD else self._payload + CHUNK_BYTES * self._chunks
        if (self.part == HEAD or self._chunked) and self._raw - known > self._settings.max_header_bytes:
            raise too_large_headers(self._settings.max_header_bytes)

    def _begin(self, part: int, ticks: int) -> None:
        self.part = part
        self.deadline = self._sweep.tick + ticks
        self._raw = -1

    def on_message_begin(self) -> None:
        self._begin(HEAD, self._sweep.header_ticks)
        self.origin = None
        self._url = b""
        self._headers = []

    def on_url(self, url: bytes) -> None:
        self._url += url
        if len(self._url) > self._settings.max_url_bytes:
            detail = f"the target is longer than max_url_bytes, {self._settings.max_url_bytes}"
            raise RefusedError(HTTPStatus.REQUEST_URI_TOO_LONG, detail)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, or a trailer, which nobody reads."""
        name = name.lower()
        self._headers.append((name, value))
        if name == b"origin":
            self.origin = value

    def on_headers_complete(self) -> None:
        """Check the request, and hand it over."""
        parser, settings, headers = self._parser, self._settings, self._headers
        method, version = parser.get_method(), parser.get_http_version()
        at_most = self._fed if self._raw < 0 else PIECE_BYTES + self._raw + self._fed
        if at_most > settings.max_header_bytes:
            check_size(headers, settings.max_header_bytes)
        framing = check_head(version, headers, settings.max_headers, settings.max_body_bytes)
        target = read_target(method, self._url)
        self._upgrades = parser.should_upgrade()
        if self._upgrades:
            return
        self._chunked, self._streamed = framing.chunked, framing.streamed
        self._headers = []
        self._begin(BODY, self._sweep.body_ticks)
        persistent = version != "1.0" and parser.should_keep_alive()
        self._receiver.receive_head(Head(method, version, target, headers, framing, persistent))

    def on_body(self, data: bytes) -> None:
        """Hand over a part of the body, without the framing of chunks."""
        self._payload += len(data)
        if self._streamed:  # the timeout is that between two pieces
            self.deadline = self._sweep.tick + self._sweep.body_ticks
        self._receiver.receive_body(data)

    def on_chunk_header(self) -> None:
        self._chunks += 1

    def on_message_complete(self) -> None:
        if not self._upgrades:
            self.part = NOTHING
            self._receiver.receive_end()
