"""Every dialect against bodies written by hand, in the form that its protocol documents."""

import asyncio
import base64
import struct
from typing import Any

import msgspec
import numpy as np
import pytest

from bench.errors import BenchError
from bench.traffic.connection import Pool, Reply
from bench.traffic.dialects import DIALECTS, decode_rows, encode_request
from bench.traffic.messages import FLOATS, MSGPACK, bearer
from tests.running import RunningServer
from tests.tiny import TINY

SERVED = tuple(name for name in DIALECTS if name != "infinity")  # by the daemon
TEXTS = ["a b", "c"]
ROWS = [[0.5, -1.0], [0.25, 2.0]]
PACKED = [base64.b64encode(struct.pack("<2f", *row)).decode() for row in ROWS]
BYTES = struct.pack("<4f", *ROWS[0], *ROWS[1])


def openai(embeddings: list[Any]) -> dict[str, Any]:
    data = [{"object": "embedding", "index": i, "embedding": one} for i, one in enumerate(embeddings)]
    usage = {"prompt_tokens": 8, "total_tokens": 8}
    return {"object": "list", "data": data[::-1], "model": "m", "usage": usage}


COHERE = {
    "id": "da6e531f-54c5-4a73-bf92-f60566d8d753",
    "embeddings": {"float": ROWS},
    "texts": ["a", "b"],
    "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 2}},
}
OLLAMA = {"model": "m", "embeddings": ROWS, "total_duration": 14143917, "load_duration": 1, "prompt_eval_count": 8}
NATIVE = {"embeddings": ROWS, "dimensions": 2, "cached_count": 0, "tokens": [3, 3], "truncated": [False, False]}
BODIES = {
    "native": NATIVE,
    "native-batch": {"embeddings": ROWS, "dimensions": 2},
    "openai": openai(ROWS),
    "openai-base64": openai(PACKED),
    "tei": ROWS,
    "cohere": COHERE,
    "ollama": OLLAMA,
    "infinity": openai(ROWS),
}
REPLIES = {name: Reply(200, msgspec.json.encode(body)) for name, body in BODIES.items()} | {
    "native-bytes": Reply(200, BYTES, ((b"X-Embedding-Shape", b"2,2"),)),
    "native-msgpack": Reply(200, msgspec.msgpack.encode(NATIVE)),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_the_rows_are_found_in_the_order_of_the_texts(name: str) -> None:
    assert decode_rows(DIALECTS[name], REPLIES[name], 2) == ROWS


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b""),
        Reply(200, b"[]"),
        Reply(200, b'{"embeddings":5,"data":[{"index":0,"embedding":"!"}]}'),
        Reply(200, b'{"embeddings":[[1.0]],"data":[{"index":0,"embedding":[1.0]}]}', ((b"x-embedding-shape", b"2,2"),)),
        Reply(200, b'{"error":"x"}', ((b"x-embedding-shape", b"two"),)),
    ],
)
def test_what_are_no_embeddings_is_refused(name: str, reply: Reply) -> None:
    with pytest.raises(BenchError, match="gave"):
        decode_rows(DIALECTS[name], reply, 2)


@pytest.mark.parametrize("name", DIALECTS)
def test_too_few_rows_and_rows_of_two_lengths_are_refused(name: str) -> None:
    with pytest.raises(BenchError, match="gave 2 rows for 3 texts"):
        decode_rows(DIALECTS[name], REPLIES[name], 3)
    with pytest.raises(BenchError, match="gave"):
        decode_rows(DIALECTS["tei"], Reply(200, b"[[1.0,2.0],[1.0]]"), 2)


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [
        ("native", "/embed", '{"texts":["a"]}'),
        ("native-batch", "/embed/batch", '{"texts":["a"]}'),
        ("native-bytes", "/embed", '{"texts":["a"]}'),
        ("openai", "/v1/embeddings", '{"input":["a"],"model":"m"}'),
        ("openai-base64", "/v1/embeddings", '{"input":["a"],"model":"m","encoding_format":"base64"}'),
        ("tei", "/tei/embed", '{"inputs":["a"]}'),
        (
            "cohere",
            "/v2/embed",
            '{"model":"m","input_type":"search_document","texts":["a"],"embedding_types":["float"]}',
        ),
        ("ollama", "/api/embed", '{"input":["a"],"model":"m"}'),
        ("infinity", "/embeddings", '{"input":["a"],"model":"m"}'),
    ],
)
def test_a_request_is_what_the_protocol_asks_for(name: str, path: str, body: str) -> None:
    head, _, sent = encode_request(DIALECTS[name], ["a"], "m").decode().partition("\r\n\r\n")
    assert head.startswith(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n")
    assert sent == body
    assert (f"Accept: {FLOATS}\r\n" in head) == (name == "native-bytes")


def test_messagepack_goes_both_ways() -> None:
    head, _, sent = encode_request(DIALECTS["native-msgpack"], ["a"], "m").partition(b"\r\n\r\n")
    assert f"Content-Type: {MSGPACK}\r\nAccept: {MSGPACK}\r\n".encode() in head
    assert msgspec.msgpack.decode(sent) == {"texts": ["a"]}


def test_a_key_is_sent_as_bearer_and_none_is_not() -> None:
    request = encode_request(DIALECTS["native"], ["a"], "m", bearer("vecd_1_secret"))
    assert b"\r\nAuthorization: Bearer vecd_1_secret\r\n" in request
    assert b"Authorization" not in encode_request(DIALECTS["native"], ["a"], "m", bearer(None))


@pytest.mark.parametrize("name", SERVED)
def test_the_daemon_gives_the_same_bits_in_its_dialects(name: str, tiny_server: RunningServer) -> None:
    async def ask(name: str) -> bytes:
        pool = Pool(tiny_server.host, tiny_server.port)
        reply = await pool.send(encode_request(DIALECTS[name], TEXTS, TINY))
        pool.close()
        assert reply.status == 200, reply.body
        return np.array(decode_rows(DIALECTS[name], reply, len(TEXTS)), np.float32).tobytes()

    assert asyncio.run(ask(name)) == asyncio.run(ask("native"))
