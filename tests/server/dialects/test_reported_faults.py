"""Faults that users of other servers reported, and that vecd had: each is a kind, and this says where it is held.

Search, words and the graph: tests/index. Reachable vocabulary: tests/export. Lone texts on all cores: the tests of the
scheduling. Headers for pages on answers of the connection: tests/server/access/daemons/test_cors.py.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.running import RunningServer

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
NDJSON = {"content-type": "application/x-ndjson"}
JSON = {"content-type": "application/json"}


@pytest.fixture
def server(tiny_server: RunningServer) -> Iterator[httpx.Client]:
    with tiny_server.client() as client:
        yield client


def lines(*documents: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in documents)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/index?offset=10", None),
        ("GET", "/index?where=%7B%7D", None),
        ("POST", "/embed?truncat=false", {"texts": ["a"]}),
        ("POST", "/embed/batch?truncate=false&x", {"texts": ["a"]}),
        ("POST", "/search?top_k=3", {"query": "a"}),
        ("POST", "/index?id=x", {"id": "x", "text": "a"}),
        ("POST", "/index/batch?upsert=1", {"documents": []}),
        ("PUT", "/collections/known?language=en", {}),
        ("DELETE", "/index/nothing?force=true", None),
        ("GET", "/collections?limit=1", None),
        ("GET", "/stats?verbose", None),
    ],
)
def test_parameters_of_the_query_that_are_not_known_are_refused(
    server: httpx.Client, method: str, path: str, body: Any
) -> None:
    answer = server.request(method, path, json=body)
    name = path.partition("?")[2].split("&")[-1].partition("=")[0]
    assert answer.status_code == 400
    assert name in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/health?t=1", "/health/ready?x=y", "/docs?a=b", "/api/tags?x=1", "/v1/models?x=1"])
def test_probes_pages_and_other_dialects_take_any_query(server: httpx.Client, path: str) -> None:
    assert server.get(path).status_code == 200


@pytest.mark.parametrize("escape", ["\\ud800", "\\udc00", "a \\uD83D b", "\\ud83d\\ud83d"])
def test_half_of_a_surrogate_pair_is_called_that(server: httpx.Client, escape: str) -> None:
    answer = server.post("/embed", content=f'{{"texts": ["{escape}"]}}'.encode(), headers=JSON)
    assert answer.status_code == 400
    assert "surrogate" in answer.json()["detail"]
    assert "truncated" not in answer.json()["detail"]


def test_a_whole_pair_is_a_character(server: httpx.Client) -> None:
    answer = server.post("/embed", content=b'{"texts": ["\\ud83d\\ude00"]}', headers=JSON)
    assert answer.status_code == 200


@pytest.mark.parametrize("given", [["a", "", "b"], ["a", "b", ""], [""]])
def test_which_of_many_inputs_is_empty_is_told(server: httpx.Client, given: list[str]) -> None:
    answers = {
        "inputs": server.post("/tei/embed", json={"inputs": given}).json()["error"],
        "input": server.post("/v1/embeddings", json={"input": given, "model": "tiny"}).json()["error"]["message"],
    }
    for name, told in answers.items():
        assert told == f"{name}[{given.index('')}] is empty"


@pytest.mark.parametrize(("field", "place"), [("inputs", "/tei/embed"), ("input", "/v1/embeddings")])
@pytest.mark.parametrize("path", ["/embed", "/embed/batch"])
def test_a_request_of_another_dialect_is_shown_its_way(server: httpx.Client, path: str, field: str, place: str) -> None:
    answer = server.post(path, json={field: "a"})
    assert answer.status_code == 400
    assert place in answer.json()["detail"]


@pytest.mark.parametrize("headers", [{}, JSON])
def test_a_collection_is_made_without_a_body(server: httpx.Client, headers: dict[str, str]) -> None:
    assert server.put("/collections/without-a-body", headers=headers).status_code == 200


def test_a_collection_is_not_made_of_a_body_of_no_type(server: httpx.Client) -> None:
    assert server.put("/collections/untyped", content=b"{}").status_code == 415
    assert server.put("/collections/untyped", content=b"[]", headers=JSON).status_code == 400


def test_a_byte_order_mark_at_the_beginning_is_taken(server: httpx.Client) -> None:
    body = json.dumps({"texts": ["a"]}).encode()
    assert server.post("/embed", content=BYTE_ORDER_MARK + body, headers=JSON).status_code == 200
    answer = server.post(
        "/index/batch",
        content=BYTE_ORDER_MARK + lines({"id": "bom", "text": "a"}, {"id": "bom2", "text": "b"}),
        headers=NDJSON,
    )
    assert (answer.json()["indexed"], answer.json()["failed"]) == (2, 0)
    later = lines({"id": "bom", "text": "a"}) + BYTE_ORDER_MARK + lines({"id": "bom2", "text": "b"})
    assert server.post("/index/batch", content=later, headers=NDJSON).json()["errors"][0]["line"] == 2


def test_cut_texts_are_told_of_a_stream(server: httpx.Client) -> None:
    content = lines(*({"id": f"cut{n}", "text": "a " * (500 if n < 10 else 3)} for n in range(30)))
    assert server.put("/collections/uncut", json={"passages": False}).status_code == 200
    answer = server.post("/collections/uncut/index/batch", content=content, headers=NDJSON)
    assert answer.json() == {"indexed": 30, "failed": 0, "errors": [], "truncated": 10}
    assert answer.headers["x-truncated-inputs"] == "10"
    whole = server.post("/collections/uncut/index/batch", content=lines({"id": "cut0", "text": "a"}), headers=NDJSON)
    assert whole.json() == {"indexed": 1, "failed": 0, "errors": []}
    assert "x-truncated-inputs" not in whole.headers


@pytest.mark.parametrize("count", [3, 200])
def test_documents_are_counted_and_not_lines(server: httpx.Client, count: int) -> None:
    """Of an id that comes again, in one group of lines or in another, one document is there."""
    documents = [{"id": f"again{n % 2}", "text": f"text {n}"} for n in range(count)]
    assert server.post("/index/batch", content=lines(*documents), headers=NDJSON).json()["indexed"] == 2
    assert server.post("/index/batch", json={"documents": documents}).json() == {"indexed": 2}


def test_ollama_gives_no_row_for_an_empty_text_by_itself(server: httpx.Client) -> None:
    empty = server.post("/api/embed", json={"model": "tiny", "input": ""}).json()
    assert (empty["embeddings"], empty["prompt_eval_count"]) == ([], 0)
    several = server.post("/api/embed", json={"model": "tiny", "input": ["", "a"]}).json()
    assert len(several["embeddings"]) == 2


@pytest.mark.parametrize("kind", [None, "text/plain", "application/octet-stream", "nonsense", "text/plain; charset=x"])
def test_ollama_takes_any_content_type_but_from_pages(server: httpx.Client, kind: str | None) -> None:
    body, headers = b'{"model": "tiny", "input": "a"}', {} if kind is None else {"content-type": kind}
    assert server.post("/api/embed", content=body, headers=headers).status_code == 200
    from_a_page = server.post("/api/embed", content=body, headers=headers | {"origin": "https://evil.example"})
    assert from_a_page.status_code == 415


def test_the_document_names_no_place_of_its_own(server: httpx.Client) -> None:
    """Behind a sub-path, what is tried out must not go to the root."""
    assert server.get("/openapi.json").json()["servers"] == [{"url": "."}]
