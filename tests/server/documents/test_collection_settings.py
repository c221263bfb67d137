"""Settings of a collection over HTTP: what PUT changes, leaves and refuses, and which threshold a search has."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.running import RunningServer
from tests.server.daemon import serving
from tests.tiny import MAX_TOKENS

READ = MAX_TOKENS - 2  # without [CLS] and [SEP]
USUAL = {
    "passages": {"max_tokens": READ, "overlap_tokens": READ // 2},  # 200 and 50 are more than the tiny model reads
    "language": "english",
    "threshold": None,
    "passages_stale": False,
}
MESSAGE_PACK = {"content-type": "application/vnd.msgpack"}


class Collection:
    """A collection of its own."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.path = f"/collections/{uuid.uuid4().hex}"

    def put(self, **settings: object) -> dict[str, Any]:
        answer = self.client.put(self.path, json=settings)
        assert answer.status_code == 200, answer.text
        shown = settings_in(answer)
        assert settings_in(self.client.get(self.path)) == shown
        (listed,) = [
            one
            for one in self.client.get("/collections").json()["collections"]
            if self.path == f"/collections/{one['name']}"
        ]
        assert {name: listed[name] for name in USUAL} == shown
        return shown

    def refused(self, content: bytes | dict[str, object], status: int) -> str:
        body: dict[str, Any] = {"json": content} if isinstance(content, dict) else {"content": content}
        answer = self.client.put(self.path, **body, headers={} if isinstance(content, dict) else MESSAGE_PACK)
        assert answer.status_code == status, answer.text
        return str(answer.json()["detail"])

    def index(self, texts: dict[str, str]) -> None:
        documents = [{"id": id_, "text": text} for id_, text in texts.items()]
        self.client.post(f"{self.path}/index/batch", json={"documents": documents}).raise_for_status()

    def search(self, **asked: object) -> httpx.Response:
        answer = self.client.post(f"{self.path}/search", json=asked)
        assert answer.status_code == 200, answer.text
        return answer

    def words(self, query: str) -> list[str]:
        return [hit["id"] for hit in self.search(query=query, mode="text").json()]


def settings_in(answer: httpx.Response) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name in USUAL}


@pytest.fixture
def collection(tiny_server: RunningServer) -> Iterator[Collection]:
    with tiny_server.client() as client:
        found = Collection(client)
        yield found
        client.delete(found.path)


def test_a_new_collection_has_the_usual_settings(collection: Collection) -> None:
    assert collection.put() == USUAL
    assert settings_in(collection.client.put(collection.path)) == USUAL  # without a body


def test_what_is_given_is_changed_and_what_is_left_out_stays(collection: Collection) -> None:
    passages = {"max_tokens": 32, "overlap_tokens": 4}
    assert collection.put(passages=passages, threshold=0.25) == USUAL | {"passages": passages, "threshold": 0.25}
    assert collection.put(language="german") == USUAL | {
        "passages": passages,
        "threshold": 0.25,
        "language": "german",
    }
    assert collection.put(language=None, passages=False, threshold=None) == USUAL | {
        "passages": False,
        "language": None,
    }
    assert collection.put() == USUAL | {"passages": False, "language": None}
    assert collection.put(passages={}, language="english") == USUAL
    assert collection.put(passages={"max_tokens": 16})["passages"] == {"max_tokens": 16, "overlap_tokens": 8}
    assert collection.put(passages={"overlap_tokens": 0})["passages"] == {"max_tokens": READ, "overlap_tokens": 0}
    assert collection.put(passages={"max_tokens": READ})["passages"] == USUAL["passages"]


@pytest.mark.parametrize(
    ("settings", "status", "told"),
    [
        ({"passages": True}, 400, "false"),
        ({"passages": None}, 400, "passages"),
        ({"passages": 3}, 400, "passages"),
        ({"passages": {"max_tokens": 15}}, 400, "max_tokens"),
        ({"passages": {"max_tokens": 20.5}}, 400, "max_tokens"),
        ({"passages": {"overlap_tokens": -1}}, 400, "overlap_tokens"),
        ({"passages": {"stride": 1}}, 400, "stride"),
        ({"passages": {"max_tokens": READ + 1}}, 422, f"reads {READ}"),
        ({"passages": {"max_tokens": 2**64}}, 400, "max_tokens"),
        ({"passages": {"max_tokens": 65_536}}, 422, f"reads {READ}"),
        ({"passages": {"max_tokens": 16, "overlap_tokens": 9}}, 422, "half"),
        ({"language": "klingon"}, 400, "klingon"),
        ({"language": "English"}, 400, "English"),
        ({"language": 1}, 400, "language"),
        ({"threshold": "0.5"}, 400, "threshold"),
        ({"threshold": True}, 400, "threshold"),
        ({"colour": 1}, 400, "colour"),
    ],
)
def test_settings_that_cannot_be_are_told_and_make_no_collection(
    collection: Collection, settings: dict[str, object], status: int, told: str
) -> None:
    assert told in collection.refused(settings, status)
    assert collection.client.get(collection.path).status_code == 404
    before = collection.put(threshold=0.125)
    collection.refused({"threshold": 0.75, "language": "dutch"} | settings, status)
    assert settings_in(collection.client.get(collection.path)) == before


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_threshold_that_is_no_number_is_refused(collection: Collection, value: float) -> None:
    assert "finite" in collection.refused(msgspec.msgpack.encode({"threshold": value}), 422)


def test_another_language_has_other_words_at_once(collection: Collection) -> None:
    collection.put()
    collection.index({"de": "viele Häuser", "en": "many houses"})
    for language, german, english in (
        ("german", ["de"], []),
        (None, [], []),
        ("english", [], ["en"]),
        ("german", ["de"], []),
    ):
        collection.put(language=language)
        assert collection.words("Hauses") == german
        assert collection.words("housing") == english


def test_a_dropped_collections_settings_are_forgotten(collection: Collection) -> None:
    collection.put(language="german", passages=False, threshold=0.5)
    assert collection.client.delete(collection.path).status_code == 200
    assert collection.put() == USUAL


TEXTS = {"red": "a red apple", "green": "a green apple", "car": "the fast car 1", "odd": "zzz qqq"}
BELOW = "x-hits-below-threshold"


def test_the_collections_threshold_is_that_of_searches_by_vector_that_give_none(collection: Collection) -> None:
    collection.put()
    collection.index(TEXTS)
    every = collection.search(like="odd", top_k=10)
    assert BELOW not in every.headers
    scores = [hit["score"] for hit in every.json()]
    assert len(scores) == 3
    between = (scores[0] + scores[1]) / 2
    collection.put(threshold=between)
    for asked in ({}, {"threshold": None}):
        alone = collection.search(like="odd", **asked)
        assert alone.json() == every.json()[:1]
        assert alone.headers[BELOW] == "2"
    assert BELOW not in collection.search(like="odd", top_k=1).headers  # none of the best was taken
    assert collection.search(like="odd", top_k=2).headers[BELOW] == "1"
    for threshold, count in ((-1, 3), (between, 1), (2, 0)):  # those of the search itself are not told
        given = collection.search(like="odd", threshold=threshold)
        assert len(given.json()) == count
        assert BELOW not in given.headers
    for mode in ("text", "hybrid"):
        found = collection.search(query="apple", mode=mode)
        assert found.json() == collection.search(query="apple", mode=mode, threshold=-1).json()
        assert BELOW not in found.headers


def test_a_batch_tells_how_many_its_searches_lack_together(collection: Collection) -> None:
    collection.put(threshold=1)
    collection.index(TEXTS)
    vector = collection.client.get(f"{collection.path}/index/red?include_vector=true").json()["vector"]
    searches: list[dict[str, Any]] = [
        {"vector": vector},
        {"like": "red"},
        {"vector": vector, "threshold": 1},
        {"vector": vector, "threshold": -1},
        {"query": "apple", "mode": "text"},
    ]
    answer = collection.client.post(f"{collection.path}/search/batch", json={"searches": searches})
    assert [len(hits) for hits in answer.json()["results"]] == [1, 0, 1, 4, 2]
    assert answer.headers[BELOW] == "6"


def test_bytes_of_hits_that_are_not_answered_do_not_count(collection: Collection) -> None:
    collection.put(threshold=0.999, passages=False)
    collection.index({"small": "a small text"})
    for number in range(3):
        collection.index({str(number): "zzz qqq " * 100_000})
    found = collection.search(query="a small text", threshold=None)
    assert {hit["id"] for hit in found.json()} <= {"small"}
    vector = collection.client.get(f"{collection.path}/index/small?include_vector=true").json()["vector"]
    assert [hit["id"] for hit in collection.search(vector=vector).json()] == ["small"]
    everything = collection.client.post(f"{collection.path}/search", json={"vector": vector, "threshold": -1})
    assert everything.status_code == 422  # 2.4 MB are more than a body may have here
    assert "bytes" in everything.json()["detail"]


def test_the_default_collection_has_the_servers_threshold_until_it_has_its_own(
    tiny_models: Path, tmp_path: Path
) -> None:
    data = str(tmp_path / "data")

    def threshold(client: httpx.Client) -> float | None:
        found: float | None = client.get("/collections/default").json()["threshold"]
        return found

    with serving(tiny_models, tmp_path, "--data", data) as daemon, daemon.client() as client:
        assert threshold(client) == 0.5
        client.put("/collections/default", json={"language": "german"})
        assert threshold(client) == 0.5
        assert client.put("/collections/other").json()["threshold"] is None
    with serving(tiny_models, tmp_path, "--data", data, VECD_SEARCH_THRESHOLD="0.25") as daemon:
        with daemon.client() as client:
            assert threshold(client) == 0.25
            assert client.get("/collections/default").json()["language"] == "german"
            assert client.put("/collections/default", json={"threshold": None}).json()["threshold"] is None
        assert daemon.terminate() == 0
    with serving(tiny_models, tmp_path, "--data", data, "--search-threshold", "1") as daemon, daemon.client() as client:
        assert threshold(client) is None
        documents = [{"id": id_, "text": text} for id_, text in TEXTS.items()]
        client.post("/index/batch", json={"documents": documents}).raise_for_status()
        vector = client.get("/index/red?include_vector=true").json()["vector"]
        assert len(client.post("/search", json={"vector": vector}).json()) == len(TEXTS)
        assert client.delete("/collections/default").status_code == 200
        assert threshold(client) == 1
        assert client.get("/collections/default").json()["language"] == "english"
        client.post("/index/batch", json={"documents": documents}).raise_for_status()
        answer = client.post("/search", json={"vector": vector})
        assert [hit["id"] for hit in answer.json()] == ["red"]
        assert answer.headers[BELOW] == str(len(TEXTS) - 1)
