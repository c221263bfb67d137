"""Raw bytes and MessagePack both ways, what Accept chooses, which bodies are taken."""

import json
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from tests.server.texts import LONG, TEXTS, native, ok, rows, same
from tests.tiny import HIDDEN, MAX_TOKENS

JSON, OCTETS = "application/json", "application/octet-stream"
PACKS = ["application/vnd.msgpack", "application/x-msgpack"]
EMBED = ["/embed", "/embed/batch"]
ELSEWHERE: list[tuple[str, Any]] = [
    ("/v1/embeddings", {"model": "tiny", "input": "a"}),
    ("/tei/embed", {"inputs": "a"}),
    ("/v2/embed", {"model": "tiny", "input_type": "classification", "texts": ["a"]}),
    ("/api/embed", {"model": "tiny", "input": "a"}),
]


def ask(client: httpx.Client, path: str, body: Any, accept: str = "*/*", kind: str = JSON) -> httpx.Response:
    content = msgspec.msgpack.encode(body) if kind in PACKS else json.dumps(body).encode()
    return client.post(path, content=content, headers={"content-type": kind, "accept": accept})


def unpacked(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return msgspec.msgpack.decode(answer.content)


@pytest.mark.parametrize("path", EMBED)
@pytest.mark.parametrize("options", [{}, {"dimensions": 7}, {"normalize": False}, {"prompt": "query"}], ids=str)
def test_raw_bytes_are_the_rows_of_json(client: httpx.Client, path: str, options: dict[str, Any]) -> None:
    answer = ask(client, path, {"texts": TEXTS} | options, OCTETS)
    assert answer.headers["content-type"] == OCTETS
    expected = native(client, *TEXTS, **options)
    assert answer.headers["x-embedding-shape"] == f"{expected.shape[0]},{expected.shape[1]}"
    assert answer.content == expected.astype("<f4").tobytes()


def test_raw_bytes_of_no_texts_have_a_shape(client: httpx.Client) -> None:
    answer = ask(client, "/embed", {"texts": []}, OCTETS)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["x-embedding-shape"] == f"0,{HIDDEN}"


def test_raw_bytes_say_of_how_many_texts_there_was_too_much(client: httpx.Client) -> None:
    answer = ask(client, "/embed", {"texts": [LONG, "a"]}, OCTETS)
    assert answer.headers["x-truncated-inputs"] == "1"
    assert "server-timing" in answer.headers


@pytest.mark.parametrize("accept", [JSON, *PACKS])
@pytest.mark.parametrize("kind", [JSON, *PACKS])
def test_message_pack_says_what_json_says_to_the_last_bit(client: httpx.Client, kind: str, accept: str) -> None:
    body = {"texts": [*TEXTS, LONG], "cache": False}
    answer = ask(client, "/embed", body, accept, kind)
    assert answer.headers["content-type"] == accept
    document = unpacked(answer) if accept in PACKS else ok(answer)
    expected = ok(ask(client, "/embed", body))
    assert set(document) == set(expected)
    assert same(rows(document["embeddings"]), rows(expected["embeddings"]))
    assert {name: value for name, value in document.items() if name != "embeddings"} == {
        name: value for name, value in expected.items() if name != "embeddings"
    }
    assert document["truncated"][-1] is True
    assert document["tokens"][-1] == MAX_TOKENS


@pytest.mark.parametrize("pack", PACKS)
def test_every_native_route_speaks_message_pack(client: httpx.Client, pack: str) -> None:
    batch = unpacked(ask(client, "/embed/batch", {"texts": TEXTS}, pack, pack))
    assert same(rows(batch["embeddings"]), native(client, *TEXTS))
    assert batch["dimensions"] == HIDDEN
    found = unpacked(ask(client, "/similarity", {"a": TEXTS, "b": TEXTS[:2]}, pack, pack))["similarity"]
    assert same(rows(found), rows(ok(ask(client, "/similarity", {"a": TEXTS, "b": TEXTS[:2]}))["similarity"]))


@pytest.mark.parametrize("pack", PACKS)
def test_nothing_is_nothing_in_message_pack_too(client: httpx.Client, pack: str) -> None:
    assert unpacked(ask(client, "/embed", {"texts": []}, pack)) == ok(ask(client, "/embed", {"texts": []}))
    assert unpacked(ask(client, "/embed/batch", {"texts": []}, pack))["embeddings"] == []
    bodies: list[dict[str, list[str]]] = [{"a": []}, {"a": [], "b": ["x"]}, {"a": ["x"], "b": []}]
    for body in bodies:
        assert unpacked(ask(client, "/similarity", body, pack)) == ok(ask(client, "/similarity", body))


BAD_PACKS = {
    "nothing": b"",
    "a map cut off": b"\x81\xa5texts\x91",
    "JSON": b'{"texts": []}',
    "an array": b"\x90",
    "invalid UTF-8": b"\x81\xa5texts\x91\xa2\xff\xfe",
    "bytes for a text": b"\x81\xa5texts\x91\xc4\x01a",
    "a number for a text": b"\x81\xa5texts\x91\x05",
    "an extension for a text": b"\x81\xa5texts\x91\xd4\x05a",
    "a number for a name": b"\x82\x05\x05\xa5texts\x90",
    "an unknown field": b"\x82\xa5texts\x90\xa1x\x05",
    "nesting without end": b"\x81\xa5texts" + b"\x91" * 100_000,
    "nesting in an unknown field": b"\x82\xa1a" + b"\x91" * 100_000 + b"\x90\xa5texts\x90",
    "a length that is a lie": b"\x81\xa5texts\xdd\xff\xff\xff\xff",
    "a text whose length is a lie": b"\x81\xa5texts\x91\xdb\xff\xff\xff\xffa",
    "something after the end": b"\x81\xa5texts\x90\x90",
}


@pytest.mark.parametrize("case", BAD_PACKS)
def test_bad_message_pack_gets_400_and_the_next_request_is_served(client: httpx.Client, case: str) -> None:
    answer = client.post("/embed", content=BAD_PACKS[case], headers={"content-type": PACKS[0]})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert native(client, "a").shape == (1, HIDDEN)


ACCEPTED = {
    "*/*": JSON,
    "": JSON,
    f"{JSON};q=0.1, {OCTETS}": OCTETS,
    f"text/html, {OCTETS};q=0.2, {JSON};q=0.1": OCTETS,
    f"{JSON};q=0, */*": PACKS[0],
    "text/html, application/xhtml+xml, */*;q=0.8": JSON,
    f"{PACKS[0]}, {JSON};q=0.5": PACKS[0],
}


@pytest.mark.parametrize("accept", ACCEPTED)
def test_accept_chooses(client: httpx.Client, accept: str) -> None:
    answer = ask(client, "/embed", {"texts": ["a"]}, accept)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == ACCEPTED[accept]


def test_without_accept_there_is_json(client: httpx.Client) -> None:
    request = client.build_request("POST", "/embed", json={"texts": ["a"]})
    del request.headers["accept"]
    assert client.send(request).headers["content-type"] == JSON


def test_accept_in_two_lines_is_one_list(client: httpx.Client) -> None:
    for first, second in (("text/html", OCTETS), (OCTETS, "text/html"), (f"{JSON};q=0.1", OCTETS)):
        answer = client.post("/embed", json={"texts": ["a"]}, headers=[("accept", first), ("accept", second)])
        assert answer.headers["content-type"] == OCTETS


@pytest.mark.parametrize("accept", ["text/html", "*/*;q=0", f"{JSON};q=0", "image/*"])
@pytest.mark.parametrize(("path", "body"), [("/embed", {"texts": ["a"]}), *ELSEWHERE], ids=str)
def test_nothing_acceptable_is_406_in_the_dialect_s_words(
    client: httpx.Client, path: str, body: Any, accept: str
) -> None:
    answer = ask(client, path, body, accept)
    assert answer.status_code == 406
    assert JSON in answer.text
    assert "json" in answer.headers["content-type"]


@pytest.mark.parametrize(("path", "body"), ELSEWHERE, ids=str)
@pytest.mark.parametrize("kind", [*PACKS, "text/plain", "multipart/form-data; boundary=x", "application/jsonp"])
def test_other_dialects_take_json_alone(client: httpx.Client, path: str, body: Any, kind: str) -> None:
    answer = client.post(path, content=json.dumps(body), headers={"content-type": kind})
    assert answer.status_code == (200 if path.startswith("/api/") else 415)  # Ollama itself takes any type
    assert ask(client, path, body, OCTETS).status_code == 406


TAKEN = [JSON, "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"']
NOT_TAKEN = ["text/json", "application/json; charset=latin-1", "application/json+x", "application", "*/*", "json", ""]


@pytest.mark.parametrize("kind", TAKEN)
def test_json_is_json_however_it_is_written(client: httpx.Client, kind: str) -> None:
    assert client.post("/embed", content=b'{"texts": []}', headers={"content-type": kind}).status_code == 200


@pytest.mark.parametrize("kind", NOT_TAKEN)
def test_other_types_are_415(client: httpx.Client, kind: str) -> None:
    answer = client.post("/embed", content=b'{"texts": []}', headers={"content-type": kind})
    assert answer.status_code == 415
    assert answer.json()["status"] == 415


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, identity", "x"])
def test_encoded_bodies_are_415(client: httpx.Client, encoding: str) -> None:
    headers = {"content-type": JSON, "content-encoding": encoding}
    assert client.post("/embed", content=b'{"texts": []}', headers=headers).status_code == 415


def test_health_has_heads_that_say_what_their_bodies_would(client: httpx.Client) -> None:
    for path in ("/health", "/health/live", "/health/ready", "/tei/health"):
        head, whole = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == whole.headers["content-length"] == str(len(whole.content))


def test_numpy_reads_raw_bytes_with_nothing_but_the_shape(client: httpx.Client) -> None:
    answer = ask(client, "/embed/batch", {"texts": TEXTS}, OCTETS)
    shape = [int(part) for part in answer.headers["x-embedding-shape"].split(",")]
    found = np.frombuffer(answer.content, "<f4").reshape(shape)
    assert same(found.astype(np.float32), native(client, *TEXTS))
