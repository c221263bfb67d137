"""Whole HTTP requests as bytes."""

from collections.abc import Mapping

from bench.traffic.target import HOST

JSON, MSGPACK, FLOATS = "application/json", "application/vnd.msgpack", "application/octet-stream"
NDJSON = "application/x-ndjson"
NO_HEADERS: Mapping[str, str] = {}


def encode_message(
    method: str, path: str, body: bytes = b"", content_type: str = JSON, headers: Mapping[str, str] = NO_HEADERS
) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def bearer(key: str | None) -> Mapping[str, str]:
    """Return the header that carries a key; no header for None."""
    return NO_HEADERS if key is None else {"Authorization": f"Bearer {key}"}
