"""A connection that says whatever it likes, and a reader of answers that lets nothing pass that is not HTTP."""

import contextlib
import re
import socket
from collections.abc import Iterable, Iterator
from types import TracebackType

from tests.server.engine.faults.wire import Answer

TIMEOUT_S = 20
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5]\d\d) [A-Za-z0-9 '-]+\Z")
HEADER = re.compile(rb"([a-z0-9-]+): ([\x20-\x7e]*)\Z")
EMBED = b'{"texts": ["still served"]}'


def post(body: bytes, *headers: bytes, path: bytes = b"/embed") -> bytes:
    """Return a whole request."""
    return head(path, b"content-length: %d" % len(body), *headers) + body


def head(path: bytes, *headers: bytes, method: bytes = b"POST") -> bytes:
    """Return a request's head."""
    lines = (b"%s %s HTTP/1.1" % (method, path), b"host: 127.0.0.1", b"content-type: application/json", *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def get(path: bytes = b"/health/live", *headers: bytes) -> bytes:
    """Return a request without a body."""
    return b"\r\n".join((b"GET %s HTTP/1.1" % path, b"host: 127.0.0.1", *headers)) + b"\r\n\r\n"


class Raw:
    """One connection; its receive buffer is small where that is asked for."""

    def __init__(self, address: tuple[str, int], receive_bytes: int = 0, source: str = "") -> None:
        self.socket = socket.socket()
        self.socket.settimeout(TIMEOUT_S)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(address)
        self._unread = b""

    def __enter__(self) -> "Raw":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_what_it_takes(self, data: bytes) -> None:
        """Send; the other side may have stopped listening on the way, as long as its answer can be read."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def drip(self, pieces: Iterable[bytes], pause_s: float) -> None:
        """Send piece after piece until an answer is there or the connection ends."""
        for piece in pieces:
            self.send_what_it_takes(piece)
            if self.hears_within(pause_s):
                return

    def hears_within(self, seconds: float) -> bool:
        """Tell whether something is there to be read, or the end, without reading it."""
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(TIMEOUT_S)
        return True

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def read(self) -> bytes:
        """Read until the other side closes; a reset is nobody's right, since it may take an answer along."""
        return self._unread + b"".join(iter(lambda: self.socket.recv(65536), b""))

    def answers(self) -> list[Answer]:
        return list(split_answers(self.read()))

    def answer(self) -> Answer:
        """Read the only answer, and the end of the connection."""
        found = self.answers()
        assert len(found) == 1, found
        return found[0]

    def next_answer(self) -> Answer:
        """Read one answer, whether or not more come after it."""
        while True:
            with contextlib.suppress(CutShortError):
                found, self._unread = first_answer(self._unread)
                return found
            self._unread += (more := self.socket.recv(65536))
            assert more, f"the connection ended: {self._unread!r}"


class CutShortError(AssertionError):
    """More of an answer is to come, or never came."""


def split_answers(data: bytes) -> Iterator[Answer]:
    """Return every answer in the bytes, interim ones too; nothing may be left over."""
    while data:
        found, data = first_answer(data)
        yield found


def first_answer(data: bytes) -> tuple[Answer, bytes]:
    """Return the first answer in the bytes, and what comes after it.

    Raises:
        CutShortError: it is not there to its end.
    """
    top, found, rest = data.partition(b"\r\n\r\n")
    if not found:
        raise CutShortError(top)
    line, *lines = top.split(b"\r\n")
    status = STATUS_LINE.match(line)
    assert status, line
    matches = [HEADER.match(one) for one in lines]
    headers = {match[1].decode(): match[2].decode() for match in matches if match}
    assert len(headers) == len(lines), lines  # each well-formed, none twice
    size = 0 if status[1].startswith(b"1") else int(headers["content-length"])
    if len(rest) < size:
        raise CutShortError(rest)
    return Answer(int(status[1]), headers, rest[:size]), rest[size:]


def assert_problem(answer: Answer, status: int) -> None:
    """Check a problem document (RFC 9457) and that no header tells what the server is made of."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.document()
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert len(problem["title"]) > 2
    assert len(problem["detail"]) > 5
    assert problem["request_id"] == answer.headers["x-request-id"] != "-"
    assert "server" not in answer.headers


def assert_refused(answer: Answer, status: int) -> None:
    """Check an answer of the door: a problem document that ends its connection."""
    assert_problem(answer, status)
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
