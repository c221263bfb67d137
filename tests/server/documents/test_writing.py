"""What a document may be written with: an id or none, a vector of its own, a time at which it is gone."""

import json
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import numpy as np
import pytest

from tests.running import RunningServer
from tests.server.documents.test_unchanged import computed
from tests.server.polling import until
from tests.tiny import HIDDEN

NDJSON = {"content-type": "application/x-ndjson"}
MESSAGE_PACK = {"content-type": "application/vnd.msgpack"}


class Collection:
    """A collection of its own."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.path = f"/collections/{uuid.uuid4().hex}"
        assert client.put(self.path).status_code == 200

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.client.post(self.path + path, json=body)

    def put(self, **document: object) -> str:
        answer = self.post("/index", document)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["indexed"])

    def lines(self, *documents: dict[str, object]) -> dict[str, Any]:
        content = "".join(json.dumps(one) + "\n" for one in documents)
        answer = self.client.post(f"{self.path}/index/batch", content=content, headers=NDJSON)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def get(self, id_: str, **parameters: str) -> httpx.Response:
        query = "&".join(f"{name}={quote(value)}" for name, value in {"id": id_, **parameters}.items())
        return self.client.get(f"{self.path}/index?{query}")

    def search(self, **asked: object) -> list[str]:
        answer = self.post("/search", {"threshold": -1} | asked)
        assert answer.status_code == 200, answer.text
        return [hit["id"] for hit in answer.json()]


@pytest.fixture
def collection(tiny_server: RunningServer) -> Iterator[Collection]:
    with tiny_server.client() as client:
        found = Collection(client)
        yield found
        client.delete(found.path)


def test_a_document_without_an_id_gets_a_uuid(collection: Collection) -> None:
    ids = {collection.put(text="a red apple") for _ in range(3)}
    assert len(ids) == 3
    for id_ in ids:
        assert uuid.UUID(id_).version == 4
        assert collection.get(id_).json()["text"] == "a red apple"


def test_ids_of_a_batch_come_back_in_order_where_some_were_made(collection: Collection) -> None:
    documents = [{"text": "one"}, {"id": "two", "text": "two"}, {"id": None, "text": "three"}]
    answer = collection.post("/index/batch", {"documents": documents}).json()
    assert answer["indexed"] == 3
    assert [collection.get(id_).json()["text"] for id_ in answer["ids"]] == ["one", "two", "three"]
    named = collection.post("/index/batch", {"documents": [{"id": "two", "text": "two"}]})
    assert named.json() == {"indexed": 1}


def test_ids_of_lines_come_back_by_their_numbers(collection: Collection) -> None:
    lines: list[dict[str, object]] = [
        {"id": "a", "text": "a"},
        {"text": "made"},
        {"text": 7},
        {"text": "no", "metadata": {str(n): n for n in range(300)}},
        {"text": "also"},
    ]
    answer = collection.lines(*lines)
    assert (answer["indexed"], answer["failed"]) == (3, 2)
    assert [one["line"] for one in answer["line_ids"]] == [2, 5]
    texts = [collection.get(one["id"]).json()["text"] for one in answer["line_ids"]]
    assert texts == ["made", "also"]
    assert "line_ids" not in collection.lines({"id": "a", "text": "a"})


@pytest.mark.parametrize("number", [0, -7, 42, 2**63 - 1, 2**64])
def test_an_integer_is_the_id_of_its_digits(collection: Collection, number: int) -> None:
    assert collection.put(id=number, text="a red apple") == str(number)
    assert collection.get(str(number)).json()["id"] == str(number)
    collection.put(id="other", text="a red apple")
    assert collection.search(like=number) == ["other"]
    assert collection.post("/index/delete", {"ids": [number, 1_000_001]}).json() == {"deleted": 1}


@pytest.mark.parametrize("id_", [True, 1.0, [1], {"id": 1}])
def test_nothing_else_is_an_id(collection: Collection, id_: object) -> None:
    assert collection.post("/index", {"id": id_, "text": "a"}).status_code == 400


@pytest.mark.parametrize("scale", [1, 1e-30, 1e300])
def test_a_vector_that_is_given_is_not_computed(collection: Collection, scale: float) -> None:
    vector = np.random.default_rng(7).normal(size=HIDDEN)
    unit = vector / np.linalg.norm(vector)
    before = computed(collection.client)
    collection.put(id="given", text="a red apple " * 100, vector=(vector * scale).tolist())
    collection.lines({"id": "line", "text": "a pear", "vector": (-vector * scale).tolist()})
    assert computed(collection.client) == before
    found = collection.get("given", include_vector="true", include_passages="true").json()
    assert found["vector"] == pytest.approx(unit.tolist(), abs=1e-6)
    assert [(one["start"], one["end"]) for one in found["passages"]] == [(0, 1200)]
    assert collection.search(vector=vector.tolist()) == ["given", "line"]
    assert collection.search(query="apples", mode="text") == ["given"]


def test_given_and_computed_vectors_in_one_batch_keep_their_places(collection: Collection) -> None:
    rows = np.eye(HIDDEN)[:3]
    documents = [
        {"id": str(n), "text": f"text {n}"} | ({"vector": rows[n].tolist()} if n != 1 else {}) for n in range(3)
    ]
    assert collection.post("/index/batch", {"documents": documents}).json() == {"indexed": 3}
    embedded = collection.client.post("/embed", json={"texts": ["text 1"]}).json()["embeddings"][0]
    wanted = [rows[0].tolist(), embedded, rows[2].tolist()]
    assert [collection.get(str(n), include_vector="true").json()["vector"] for n in range(3)] == wanted


def test_a_given_vector_is_not_taken_for_a_computed_one(collection: Collection) -> None:
    collection.put(id="a", text="a red apple", vector=np.eye(HIDDEN)[0].tolist())
    collection.put(id="a", text="a red apple")
    embedded = collection.client.post("/embed", json={"texts": ["a red apple"]}).json()["embeddings"][0]
    assert collection.get("a", include_vector="true").json()["vector"] == embedded


@pytest.mark.parametrize(
    ("vector", "status"),
    [([], 422), ([0.0] * HIDDEN, 422), ([1.0] * (HIDDEN - 1), 422), (["1"] * HIDDEN, 400), ("AAAA", 400)],
)
def test_what_is_no_vector_is_refused_and_harms_no_other(collection: Collection, vector: object, status: int) -> None:
    assert collection.post("/index", {"id": "a", "text": "a", "vector": vector}).status_code == status
    answer = collection.lines({"id": "a", "text": "a", "vector": vector}, {"id": "b", "text": "b"})
    assert [(one["line"], one["status"]) for one in answer["errors"]] == [(1, status)]
    assert collection.search(query="b") == ["b"]


def test_a_text_that_another_document_has_is_not_computed_again(collection: Collection) -> None:
    collection.put(id="before/name", text="a green apple")
    long = "a " * 300
    collection.put(id="long", text=long)
    before = computed(collection.client)
    collection.put(id="after/name", text="a green apple")
    collection.lines({"id": "long again", "text": long})
    assert computed(collection.client) == before
    shown = [
        collection.get(id_, include_vector="true", include_passages="true").json() for id_ in ("long", "long again")
    ]
    assert shown[0]["passages"] == shown[1]["passages"]
    assert len(shown[0]["passages"]) > 1


def is_gone(collection: Collection, id_: str) -> bool:
    """Say whether nothing shows a document any more; fail where something does and something else does not."""
    shown = [
        collection.get(id_).status_code == 200,
        id_ in collection.search(query="a red apple"),
        id_ in collection.search(query="red apple", mode="text"),
        id_ in collection.search(query="red apple", mode="hybrid"),
        id_ in [one["id"] for one in collection.client.get(f"{collection.path}/index").json()["documents"]],
        collection.post("/index/count", {"filter": {"mine": id_}}).json()["count"] == 1,
        collection.post("/index/facets", {"fields": ["mine"], "filter": {"mine": id_}}).json()["facets"]["mine"][
            "distinct"
        ]
        == 1,
    ]
    if not any(shown):
        assert collection.client.patch(f"{collection.path}/index/{id_}", json={"metadata": {}}).status_code == 404
        assert collection.post("/search", {"like": id_}).status_code == 404
        assert collection.client.delete(f"{collection.path}/index/{id_}").status_code == 404
    return not any(shown)


def test_after_its_time_nothing_shows_a_document(collection: Collection) -> None:
    collection.put(id="stays", text="a red apple", metadata={"mine": "stays"})
    collection.put(id="brief", text="a red apple", metadata={"mine": "brief"}, ttl_s=0.4)
    at = (datetime.now(UTC) + timedelta(seconds=0.4)).isoformat()
    collection.lines({"id": "until", "text": "a red apple", "metadata": {"mine": "until"}, "expires_at": at})
    assert set(collection.search(query="a red apple")) >= {"stays"}
    time.sleep(0.5)
    assert is_gone(collection, "brief")
    assert is_gone(collection, "until")
    assert collection.search(query="a red apple") == ["stays"]
    until(lambda: collection.client.get(collection.path).json()["documents"] == 1)


def test_when_a_document_is_gone_is_told(collection: Collection) -> None:
    collection.put(id="a", text="a", expires_at="2100-01-02T03:04:05.678+02:00")
    assert collection.get("a").json()["expires_at"] == "2100-01-02T01:04:05.678Z"
    assert collection.client.patch(f"{collection.path}/index/a", json={"metadata": {"n": 1}}).json() == {
        "id": "a",
        "text": "a",
        "metadata": {"n": 1},
        "expires_at": "2100-01-02T01:04:05.678Z",
    }
    collection.put(id="b", text="b", ttl_s=1000)
    told = datetime.fromisoformat(collection.get("b").json()["expires_at"])
    assert 900 < (told - datetime.now(UTC)).total_seconds() <= 1000
    collection.put(id="a", text="a")  # a write without one keeps it for good
    assert "expires_at" not in collection.get("a").json()


@pytest.mark.parametrize("told", ["2038-12-12T16:52:52.311Z", "9999-12-31T23:59:59.999Z"])
def test_no_millisecond_of_a_time_is_lost(collection: Collection, told: str) -> None:
    collection.put(id="a", text="a", expires_at=told)
    assert collection.get("a").json()["expires_at"] == told


def test_a_time_that_has_passed_takes_the_document_before_it(collection: Collection) -> None:
    collection.put(id="a", text="old")
    assert collection.put(id="a", text="new", expires_at="2001-01-01T00:00:00Z") == "a"
    assert collection.get("a").status_code == 404


def test_times_come_in_messagepack_too(collection: Collection) -> None:
    when = datetime(2100, 1, 2, tzinfo=UTC)
    for value in (when, when.isoformat()):
        content = msgspec.msgpack.encode({"id": "a", "text": "a", "expires_at": value})
        answer = collection.client.post(f"{collection.path}/index", content=content, headers=MESSAGE_PACK)
        assert answer.status_code == 200, answer.text
        assert collection.get("a").json()["expires_at"] == "2100-01-02T00:00:00.000Z"


@pytest.mark.parametrize(
    "fields",
    [
        {"ttl_s": 0},
        {"ttl_s": -1},
        {"ttl_s": 1e12},
        {"ttl_s": "1"},
        {"ttl_s": True},
        {"expires_at": "2100-01-01T00:00:00"},
        {"expires_at": "2100-01-01"},
        {"expires_at": "tomorrow"},
        {"expires_at": 4102444800},
        {"expires_at": "2100-01-01T00:00:00Z", "ttl_s": 5},
    ],
)
def test_what_is_no_time_is_refused(collection: Collection, fields: dict[str, object]) -> None:
    answer = collection.post("/index", {"id": "a", "text": "a"} | fields)
    assert answer.status_code == 400, answer.text
    assert collection.get("a").status_code == 404


def test_a_collection_is_made_without_a_body(tiny_server: RunningServer) -> None:
    with tiny_server.client() as client:
        answer = client.request("PUT", "/collections/bodyless")
        assert answer.status_code == 200
        assert answer.json()["documents"] == 0
        assert client.delete("/collections/bodyless").status_code == 200
