"""Bad requests of every kind that docs/api.md names, with the status that it promises for each."""

import msgspec

from bench.traffic.messages import encode_message

# Limits of the server under soak, low enough to exceed cheaply.
MAX_TEXTS, MAX_TEXT_BYTES, MAX_BODY_BYTES = 64, 20_000, 1_000_000
LIMITS = {
    "--max-client-batch-size": MAX_TEXTS,
    "--max-text-bytes": MAX_TEXT_BYTES,
    "--max-body-bytes": MAX_BODY_BYTES,
}
DEPTH = 100_000
MORE_THAN_ANY_MODEL = 1_000_000
BAD_TIMEOUT = {"x-request-timeout-ms": "soon"}


class BadRequest(msgspec.Struct, frozen=True, gc=False):
    """A bad request, and the status that docs/api.md promises for it."""

    payload: bytes
    status: str


def bad_requests() -> dict[str, BadRequest]:
    """Return a request of each kind, by what is wrong in it."""
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
        "no such route": (encode_message("POST", "/nowhere", good), "404"),
        "a method not allowed": (encode_message("DELETE", "/embed"), "405"),
        "another content type": (encode_message("POST", "/embed", good, "text/plain"), "415"),
        "a timeout that is no number": (encode_message("POST", "/embed", good, headers=BAD_TIMEOUT), "400"),
        "a content encoding": (encode_message("POST", "/embed", good, headers={"Content-Encoding": "gzip"}), "415"),
        "too long, and not to be truncated": (encode_message("POST", "/embed?truncate=false", long), "422"),
    }
    known = {name: (encode_message("POST", "/embed", body), status) for name, (body, status) in bodies.items()}
    return {name: BadRequest(payload, status) for name, (payload, status) in {**known, **others}.items()}


def _encode(**fields: object) -> bytes:
    return msgspec.json.encode(fields)
