"""One keep-alive connection on which sending a request and reading its answer are two steps, and leaving is a third."""

import json
import socket
import struct
from http.client import HTTPConnection, HTTPException, HTTPResponse
from types import TracebackType
from typing import Any

import msgspec

TIMEOUT_S = 30
JSON = "application/json"


class Answer(msgspec.Struct, frozen=True):
    """A whole answer; the names of its headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def embeddings(self) -> list[list[float]]:
        assert self.status == 200, self.body
        found: list[list[float]] = self.document()["embeddings"]
        return found


class Wire:
    """A connection, opened at once and never opened again; from another address where that is wanted."""

    def __init__(self, address: tuple[str, int], source: str = "") -> None:
        self._http = HTTPConnection(*address, timeout=TIMEOUT_S, source_address=(source, 0))
        self._http.connect()
        self._http.auto_open = 0

    def __enter__(self) -> "Wire":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> None:
        """Send a whole request; when this returns, all its bytes have left."""
        self._http.request(method, path, body, {"content-type": JSON} | (headers or {}))

    def send_embed(self, *texts: str, headers: dict[str, str] | None = None, **options: object) -> None:
        self.send("POST", "/embed", json.dumps({"texts": list(texts), **options}).encode(), headers)

    def send_raw(self, data: bytes) -> None:
        """Send bytes that need not be a request, or not a whole one."""
        self._socket().sendall(data)

    def receive(self) -> Answer:
        """Read the answer to the last request to its end; an answer that is cut short is nobody's right.

        Raises:
            ConnectionError: the connection ended without an answer.
        """
        response: HTTPResponse = self._http.getresponse()
        try:
            body = response.read()
        except (OSError, HTTPException) as error:
            message = f"only a part of an answer: {error!r}"
            raise AssertionError(message) from error
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def receive_raw(self) -> bytes:
        """Read whatever comes until the other side closes."""
        return b"".join(iter(lambda: self._socket().recv(65536), b""))

    def embed(self, *texts: str, headers: dict[str, str] | None = None, **options: object) -> Answer:
        self.send_embed(*texts, headers=headers, **options)
        return self.receive()

    def leave(self, *, rudely: bool = False) -> None:
        """Close the connection; rudely, with a reset."""
        if rudely:
            self._socket().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._http.close()

    def _socket(self) -> socket.socket:
        assert self._http.sock is not None
        found: socket.socket = self._http.sock
        return found


def ask(address: tuple[str, int], *texts: str, headers: dict[str, str] | None = None, **options: object) -> Answer:
    """Embed on a connection of its own."""
    with Wire(address) as wire:
        return wire.embed(*texts, headers=headers, **options)
