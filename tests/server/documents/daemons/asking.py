"""Asks a daemon about documents with request targets exactly as given: no client normalizes them on their way."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

import msgspec

TIMEOUT_S = 60


class Answer(msgspec.Struct, frozen=True):
    """A status, what the body says, and of which type it is."""

    status: int
    body: Any
    media: str


class Asker:
    """One connection to a daemon, opened again whenever it was closed."""

    def __init__(self, host: str, port: int) -> None:
        self._http = HTTPConnection(host, port, timeout=TIMEOUT_S)

    def ask(self, method: str, target: str, body: Any = None, media: str = "application/json") -> Answer:
        """Send a request; a body of bytes goes as it is, any other as JSON."""
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        self._http.request(method, target, sent, {"content-type": media} if sent is not None else {})
        response = self._http.getresponse()
        return Answer(response.status, json.loads(response.read()), response.headers.get_content_type())

    def lines(self, documents: list[dict[str, Any]]) -> Answer:
        """Send documents as NDJSON."""
        body = b"".join(json.dumps(document).encode() + b"\n" for document in documents)
        return self.ask("POST", "/index/batch", body, "application/x-ndjson")

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()


def encoded(id_: str) -> str:
    """An id for a path or a query, every byte percent-encoded that may be."""
    return quote(id_, safe="")


def encoded_whole(id_: str) -> str:
    """An id of which every byte is percent-encoded, those too that need not be."""
    return "".join(f"%{byte:02X}" for byte in id_.encode())
