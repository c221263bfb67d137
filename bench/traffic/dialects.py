"""What a request for embeddings looks like to each kind of server, and how many embeddings a reply holds.

Every dialect sends what its official client sends. Another form of the same rows is another entry.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from bench.errors import BenchError
from bench.traffic.connection import Reply
from bench.traffic.messages import FLOATS, JSON, MSGPACK, NO_HEADERS, encode_message
from bench.traffic.reply_rows import by_index, by_index_base64, read_floats, read_json, read_msgpack


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """A route, the body it takes, and where the rows are in its reply. `most_texts` is the limit of the protocol."""

    path: str
    body: Callable[[Sequence[str], str], dict[str, Any]]
    rows: Callable[[Any], object]
    encode: Callable[[Any], bytes] = msgspec.json.encode
    decode: Callable[[Reply], Any] = read_json
    content_type: str = JSON
    accept: str | None = None
    most_texts: int | None = None


def _texts(texts: Sequence[str], _: str) -> dict[str, Any]:
    return {"texts": texts}


def _input(texts: Sequence[str], model: str) -> dict[str, Any]:
    return {"input": texts, "model": model}


def _input_base64(texts: Sequence[str], model: str) -> dict[str, Any]:
    return {"input": texts, "model": model, "encoding_format": "base64"}


def _cohere(texts: Sequence[str], model: str) -> dict[str, Any]:
    return {"model": model, "input_type": "search_document", "texts": texts, "embedding_types": ["float"]}


def _embeddings(reply: Any) -> object:
    return reply["embeddings"]


DIALECTS = {
    "native": Dialect(path="/embed", body=_texts, rows=_embeddings),
    "native-batch": Dialect(path="/embed/batch", body=_texts, rows=_embeddings),
    "native-bytes": Dialect(path="/embed", body=_texts, rows=lambda rows: rows, decode=read_floats, accept=FLOATS),
    "native-msgpack": Dialect(
        path="/embed",
        body=_texts,
        rows=_embeddings,
        encode=msgspec.msgpack.encode,
        decode=read_msgpack,
        content_type=MSGPACK,
        accept=MSGPACK,
    ),
    "openai": Dialect(path="/v1/embeddings", body=_input, rows=by_index),
    "openai-base64": Dialect(path="/v1/embeddings", body=_input_base64, rows=by_index_base64),
    "tei": Dialect(path="/tei/embed", body=lambda texts, _: {"inputs": texts}, rows=lambda reply: reply),
    "cohere": Dialect(path="/v2/embed", body=_cohere, rows=lambda reply: reply["embeddings"]["float"], most_texts=96),
    "ollama": Dialect(path="/api/embed", body=_input, rows=_embeddings),
    "infinity": Dialect(path="/embeddings", body=_input, rows=by_index),
}


def encode_request(
    dialect: Dialect, texts: Sequence[str], model: str, headers: Mapping[str, str] = NO_HEADERS
) -> bytes:
    """Return a whole HTTP request, with these headers beside those that the dialect needs."""
    accept = {"Accept": dialect.accept} if dialect.accept is not None else {}
    body = dialect.encode(dialect.body(texts, model))
    return encode_message("POST", dialect.path, body, dialect.content_type, {**accept, **headers})


def decode_rows(dialect: Dialect, reply: Reply, texts: int) -> list[list[float]]:
    """Return the embeddings of a reply.

    Raises:
        BenchError: the reply does not hold one row of numbers for each text.
    """
    try:
        rows = msgspec.convert(dialect.rows(dialect.decode(reply)), list[list[float]])
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        message = f"{dialect.path} gave no embeddings: {reply.body[:200]!r}"
        raise BenchError(message) from error
    if len(rows) != texts or any(len(row) != len(rows[0]) for row in rows):
        message = f"{dialect.path} gave {len(rows)} rows for {texts} texts"
        raise BenchError(message)
    return rows


def check_texts(name: str, texts: int) -> None:
    """Make sure that a request of the dialect of that name may hold that many texts.

    Raises:
        BenchError: it may not.
    """
    most = DIALECTS[name].most_texts
    if most is not None and texts > most:
        message = f"--texts {texts}: a request of the dialect {name} holds at most {most}"
        raise BenchError(message)
