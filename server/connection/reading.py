"""The reading half of a connection: bytes in, requests out, none of them beyond a limit.

Data is fed to the parser in pieces, so that a limit is passed by one piece at most before it is noticed. What was
asked for after a request that is refused is not read.
"""

import logging
from http import HTTPStatus
from typing import Any, Protocol

import httptools
import msgspec

from server.connection.framing import Framing, Header, Target, check_head, check_size, read_target, too_large_headers
from server.connection.refusal import RefusedError
from server.connection.timeouts import Sweep
from server.logs import places
from server.settings import Settings
from server.web.problem_document import UNEXPECTED

# It bounds what lies between two looks at a limit, and how many pipelined requests wait.
PIECE_BYTES = 16 * 1024
# Every chunk may have so much around it; extensions and trailers beyond that are counted as headers.
CHUNK_BYTES = 16

# What of a request is being received. (Members of an enum take a tenth of a microsecond to look up.)
NOTHING, HEAD, BODY = 0, 1, 2

log = logging.getLogger("vecd")


class Head(msgspec.Struct, frozen=True):
    """A request whose body is still to come. Names of headers are in lower case."""

    method: bytes
    version: str
    target: Target
    headers: list[Header]
    framing: Framing
    persistent: bool


class Receiver(Protocol):
    """Whom the requests are handed to."""

    def receive_head(self, head: Head) -> None:
        """Take a new request."""

    def receive_body(self, data: bytes) -> None:
        """Take more of its body."""

    def receive_end(self) -> None:
        """Take note that it is whole."""


class Reading:
    """The parser of one connection. Its `on_` methods are called by httptools."""

    def __init__(self, receiver: Receiver, settings: Settings, sweep: Sweep) -> None:
        self.part = NOTHING
        self.deadline = 0  # of the part, in ticks
        self.kept = bytearray()
        self.origin: bytes | None = None  # of the page that sends what is being received, once its header has come
        self.waits = False  # set from outside while a request that was handed over waits for the one before it
        self._receiver = receiver
        self._settings = settings
        self._sweep = sweep
        self._parser: Any = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: list[Header] = []
        self._chunked = self._upgrades = self._streamed = False
        # Bytes of the part but for the piece in which it began (-1 while it is that one), the last piece's, the body's.
        self._raw = self._fed = self._payload = self._chunks = 0

    def take(self, data: bytes) -> int:
        """Parse what came, up to a request that has to wait; return how many bytes are kept for later.

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
                # Nothing is upgraded to here, which RFC 9110 lets a server ignore; but the parser would take the
                # request's body for the other protocol's. It gets the request anew, without the wish.
                piece = self._plain_head() + piece[upgrade.args[0] :]
                self._parser = httptools.HttpRequestParser(self)
            except httptools.HttpParserCallbackError as error:
                if isinstance(error.__context__, RefusedError):
                    raise error.__context__ from None
                log.error("a request could not be taken: %s", places(error.__context__ or error))
                raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED) from error
            except httptools.HttpParserError as error:
                raise RefusedError(HTTPStatus.BAD_REQUEST, f"this is not HTTP/1.1: {error}") from error
        if self.part:
            self._measure(self._fed)

    def stop(self) -> None:
        """Forget what is being received."""
        self.part = NOTHING
        self.kept.clear()

    def close(self) -> None:
        """Let go of the parser, which holds on to this object."""
        self._parser = None

    def _plain_head(self) -> bytes:
        self._upgrades = False
        lines = (b"%s: %s\r\n" % header for header in self._headers if header[0] != b"upgrade")
        start = (self._parser.get_method(), self._url, self._parser.get_http_version().encode())
        return b"%s %s HTTP/%s\r\n%s\r\n" % (*start, b"".join(lines))

    def _measure(self, fed: int) -> None:
        """Bound what the parser keeps, or skips, without telling."""
        if self._raw < 0:
            self._raw = self._payload = self._chunks = 0
            return
        self._raw += fed
        told = len(self._url) if self.part == HEAD else self._payload + CHUNK_BYTES * self._chunks
        if (self.part == HEAD or self._chunked) and self._raw - told > self._settings.max_header_bytes:
            raise too_large_headers(self._settings.max_header_bytes)

    def _begin(self, part: int, ticks: int) -> None:
        self.part = part
        self.deadline = self._sweep.tick + ticks
        self._raw = -1

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._begin(HEAD, self._sweep.header_ticks)
        self.origin = None
        self._url = b""
        self._headers = []

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        self._url += url
        if len(self._url) > self._settings.max_url_bytes:
            detail = f"the target is longer than max_url_bytes, {self._settings.max_url_bytes}"
            raise RefusedError(HTTPStatus.REQUEST_URI_TOO_LONG, detail)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A whole header; or a trailer, which nobody reads."""
        name = name.lower()
        self._headers.append((name, value))
        if name == b"origin":
            self.origin = value

    def on_headers_complete(self) -> None:
        """The end of the headers: the first moment at which a request can be judged."""
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
        """A part of the body, without what is around chunks."""
        self._payload += len(data)
        if self._streamed:  # its time is that between two pieces
            self.deadline = self._sweep.tick + self._sweep.body_ticks
        self._receiver.receive_body(data)

    def on_chunk_header(self) -> None:
        """The line before a chunk."""
        self._chunks += 1

    def on_message_complete(self) -> None:
        """The end of the body, or of the headers where there is none."""
        if not self._upgrades:
            self.part = NOTHING
            self._receiver.receive_end()
