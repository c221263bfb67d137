"""What a request for embeddings looks like to each kind of server, and how many embeddings a reply holds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from bench.errors import BenchError

NO_HEADERS: Mapping[str, str] = {}


class Dialect(msgspec.Struct, frozen=True):
    """A route, the body it takes, and where the rows are in its reply."""

    path: str
    body: Callable[[Sequence[str], str], dict[str, Any]]
    rows: Callable[[Any], list[list[float]]]


DIALECTS = {
    "native": Dialect(
        "/embed",
        lambda texts, _: {"texts": texts},
        lambda reply: reply["embeddings"],
    ),
    "native-batch": Dialect(
        "/embed/batch",
        lambda texts, _: {"texts": texts},
        lambda reply: reply["embeddings"],
    ),
    "infinity": Dialect(
        "/embeddings",
        lambda texts, model: {"input": texts, "model": model},
        lambda reply: [one["embedding"] for one in sorted(reply["data"], key=lambda one: one["index"])],
    ),
    "openai": Dialect(
        "/v1/embeddings",
        lambda texts, model: {"input": texts, "model": model},
        lambda reply: [one["embedding"] for one in sorted(reply["data"], key=lambda one: one["index"])],
    ),
}


def encode_request(
    dialect: Dialect, texts: Sequence[str], model: str, host: str, headers: Mapping[str, str] = NO_HEADERS
) -> bytes:
    """Return a whole HTTP request, with these headers beside those that it needs."""
    body = msgspec.json.encode(dialect.body(texts, model))
    head = f"POST {dialect.path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{head}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


def decode_rows(dialect: Dialect, body: bytes, texts: int) -> list[list[float]]:
    """Return the embeddings of a reply.

    Raises:
        BenchError: the reply does not hold one row of numbers for each text.
    """
    try:
        rows = msgspec.convert(dialect.rows(msgspec.json.decode(body)), list[list[float]])
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        message = f"{dialect.path} gave no embeddings: {body[:200]!r}"
        raise BenchError(message) from error
    if len(rows) != texts or any(len(row) != len(rows[0]) for row in rows):
        message = f"{dialect.path} gave {len(rows)} rows for {texts} texts"
        raise BenchError(message)
    return rows
