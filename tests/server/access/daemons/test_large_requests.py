"""Requests as large as the limits allow, or larger: answered or refused while everybody else is served."""

import json
import threading
import time
from typing import Any

import httpx
import pytest

from tests.server.daemon import Daemon
from tests.server.texts import native, ok, rows, same

MANY = 2048
SHORT = [f"text {number}" for number in range(MANY)]
# Generous: the machine may be busy.
PATIENCE_S = 0.75
# Reading 30 MB of short lists takes most of a second of a quiet machine, at once; what this is to catch took 4 to 11.
PATIENCE_WITH_JUNK_S = 3.0


class Bystander(threading.Thread):
    """Somebody who asks for their health and a small embedding all the time, and notes the longest wait."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self.longest_s = 0.0
        self.count = 0
        self._client = daemon.client()
        self._ended = threading.Event()

    def run(self) -> None:
        with self._client as client:
            while not self._ended.is_set():
                for method, path, body in (("GET", "/health", None), ("POST", "/embed", {"texts": ["small"]})):
                    start_s = time.perf_counter()
                    assert client.request(method, path, json=body).status_code == 200
                    self.longest_s = max(self.longest_s, time.perf_counter() - start_s)
                self.count += 1

    def __enter__(self) -> "Bystander":
        self.start()
        while not self.count:
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()


def send(client: httpx.Client, path: str, body: bytes) -> httpx.Response:
    return client.post(path, content=body, headers={"content-type": "application/json"})


def packed(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


FULL: dict[str, tuple[str, bytes]] = {
    "native": ("/embed", packed(texts=SHORT)),
    "throughput": ("/embed/batch", packed(texts=SHORT)),
    "similarity": ("/similarity", packed(a=SHORT[:1024], b=SHORT[1024:])),
    "OpenAI": ("/v1/embeddings", packed(model="tiny", input=SHORT)),
    "OpenAI in base64": ("/v1/embeddings", packed(model="tiny", input=SHORT, encoding_format="base64")),
    "text-embeddings-inference": ("/tei/embed", packed(inputs=SHORT)),
    "its similarity": ("/tei/similarity", packed(inputs={"source_sentence": "a", "sentences": SHORT[1:]})),
    "its tokens": ("/tei/tokenize", packed(inputs=SHORT)),
    "Ollama": ("/api/embed", packed(model="tiny", input=SHORT)),
    "a megabyte of text": ("/embed", packed(texts=["a " * 500_000])),
    "thirty megabytes of text": ("/embed", packed(texts=["a " * 500_000] * 30)),
    "the tokens of a long text": ("/tei/tokenize", packed(inputs="a " * 65_000)),
    "the tokens of long texts": ("/tei/tokenize", packed(inputs=["a " * 6_500] * 10)),
}
TOO_MUCH: dict[str, tuple[str, bytes, int]] = {
    "ten million texts": ("/embed", b'{"texts":[' + b'"",' * 10_000_000 + b'""]}', 400),
    "seven million inputs": ("/v1/embeddings", b'{"model":"tiny","input":[' + b'"a",' * 7_000_000 + b'"a"]}', 400),
    "fifteen million ids": ("/v1/embeddings", b'{"model":"tiny","input":[' + b"5," * 15_000_000 + b"5]}", 400),
    "seven million lists": ("/v1/embeddings", b'{"model":"tiny","input":[' + b"[5]," * 7_000_000 + b"[5]]}", 400),
    "fifteen million ids for tei": ("/tei/embed", b'{"inputs":[' + b"5," * 15_000_000 + b"5]}", 422),
    "fifteen million ids to decode": ("/tei/decode", b'{"ids":[' + b"5," * 15_000_000 + b"5]}", 422),
    "seven million lists to decode": ("/tei/decode", b'{"ids":[' + b"[5]," * 7_000_000 + b"[5]]}", 422),
}


@pytest.mark.parametrize("case", FULL)
def test_as_much_as_is_allowed_is_answered_while_others_are_served(plain: Daemon, case: str) -> None:
    path, body = FULL[case]
    with plain.client() as client, Bystander(plain) as other:
        assert send(client, path, body).status_code == 200
    assert other.longest_s < PATIENCE_S


@pytest.mark.parametrize("switch", ["ids refused", "ids taken"])
@pytest.mark.parametrize("case", TOO_MUCH)
def test_more_than_is_allowed_is_refused_while_others_are_served(
    plain: Daemon, ids: Daemon, case: str, switch: str
) -> None:
    path, body, status = TOO_MUCH[case]
    daemon = ids if switch == "ids taken" else plain
    with daemon.client() as client, Bystander(daemon) as other:
        answer = send(client, path, body)
    assert answer.status_code == status, answer.text
    assert len(answer.content) < 1_000
    assert other.longest_s < PATIENCE_WITH_JUNK_S


@pytest.mark.parametrize("dialect", ["OpenAI", "text-embeddings-inference", "Ollama", "throughput"])
def test_rows_of_a_full_request_are_in_order_and_the_native_ones(client: httpx.Client, dialect: str) -> None:
    document = ok(send(client, *FULL[dialect]))
    match dialect:
        case "OpenAI":
            assert [one["index"] for one in document["data"]] == list(range(MANY))
            found = [one["embedding"] for one in document["data"]]
        case "text-embeddings-inference":
            found = document
        case _:
            found = document["embeddings"]
    assert same(rows(found), native(client, *SHORT))


def test_one_more_than_the_limit_is_refused_by_name(client: httpx.Client) -> None:
    for path, body, status in (
        ("/embed", {"texts": [*SHORT, "a"]}, 400),
        ("/similarity", {"a": SHORT, "b": ["a"]}, 400),
        ("/v1/embeddings", {"model": "tiny", "input": [*SHORT, "a"]}, 400),
        ("/tei/embed", {"inputs": [*SHORT, "a"]}, 422),
        ("/tei/similarity", {"inputs": {"source_sentence": "a", "sentences": SHORT}}, 422),
        ("/tei/tokenize", {"inputs": [*SHORT, "a"]}, 422),
        ("/api/embed", {"model": "tiny", "input": [*SHORT, "a"]}, 400),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code == status, path
        assert "2048" in answer.text
