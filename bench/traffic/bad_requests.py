"""Bad requests of every kind that docs/api.md names, whole as bytes, with the status that it promises for each."""

from collections.abc import Mapping

import msgspec

from bench.servers.running import HOST
from bench.traffic.dialects import NO_HEADERS

# Limits of the server under soak, small enough to be overstepped cheaply.
MAX_TEXTS, MAX_TEXT_BYTES, MAX_BODY_BYTES = 64, 20_000, 1_000_000
LIMITS = {
    "--max-client-batch-size": MAX_TEXTS,
    "--max-text-bytes": MAX_TEXT_BYTES,
    "--max-body-bytes": MAX_BODY_BYTES,
}
DEPTH = 100_000
MORE_THAN_ANY_MODEL = 1_000_000
JSON = "application/json"


BAD_TIMEOUT = {"x-request-timeout-ms": "soon"}


class Wrong(msgspec.Struct, frozen=True, gc=False):
    """A bad request, and the status that it gets."""

    payload: bytes
    status: str


def whole_request(
    method: str, path: str, body: bytes = b"", content_type: str = JSON, headers: Mapping[str, str] = NO_HEADERS
) -> bytes:
    """Return a request with a body of that type."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def wrong_requests() -> dict[str, Wrong]:
    """Return a request of each kind, by what is wrong with it."""
    bodies = {
        "not JSON": (b'{"texts": [', "400"),
        "not UTF-8": (b'{"texts": ["\xff"]}', "400"),
        "a lone surrogate": (b'{"texts": ["\\ud800"]}', "400"),
        "a wrong type": (_encode(texts="alone"), "400"),
        "an unknown field": (_encode(texts=["a"], colour="red"), "400"),
        "a number out of range": (_encode(texts=["a"], dimensions=0), "400"),
        "nested too deep": (b'{"texts": ' + b"[" * DEPTH + b"]" * DEPTH + b"}", "400"),
        "too many texts": (_encode(texts=["a"] * (MAX_TEXTS + 1)), "400"),
        "an unknown prompt": (_encode(texts=["a"], prompt="of no model"), "400"),
        "more dimensions than any model": (_encode(texts=["a"], dimensions=MORE_THAN_ANY_MODEL), "400"),
        "a large body": (_encode(texts=["a" * MAX_BODY_BYTES]), "413"),
        "a large text": (_encode(texts=["a" * (MAX_TEXT_BYTES + 1)]), "422"),
    }
    good, long = _encode(texts=["a"]), _encode(texts=["sea " * (MAX_TEXT_BYTES // 8)])
    others = {
        "no such route": (whole_request("POST", "/nowhere", good), "404"),
        "a method not allowed": (whole_request("DELETE", "/embed"), "405"),
        "another content type": (whole_request("POST", "/embed", good, "text/plain"), "415"),
        "a timeout that is no number": (whole_request("POST", "/embed", good, headers=BAD_TIMEOUT), "400"),
        "a content encoding": (whole_request("POST", "/embed", good, headers={"Content-Encoding": "gzip"}), "415"),
        "too long, and not to be truncated": (whole_request("POST", "/embed?truncate=false", long), "422"),
    }
    known = {name: (whole_request("POST", "/embed", body), status) for name, (body, status) in bodies.items()}
    return {name: Wrong(payload, status) for name, (payload, status) in {**known, **others}.items()}


def _encode(**fields: object) -> bytes:
    return msgspec.json.encode(fields)
