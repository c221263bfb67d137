"""Searches over a real socket: by text, by vector, by likeness, in each mode, alone and many at once."""

import math
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from tests.running import RunningServer
from tests.server.polling import until
from tests.tiny import HIDDEN

TEXTS = {
    "red": "a red apple",
    "green": "a green apple",
    "pear": "green pears in a bowl",
    "car": "the fast car 1",
    "cart": "the slow cart 2",
    "odd": "zzz qqq",
}
MESSAGE_PACK = {"content-type": "application/vnd.msgpack"}


class Searcher:
    """A collection of its own."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.path = f"/collections/{uuid.uuid4().hex}"
        assert client.put(self.path, json={}).status_code == 200
        documents = [
            {"id": id_, "text": text, "metadata": {"n": n, "fruit": n < 3}}
            for n, (id_, text) in enumerate(TEXTS.items())
        ]
        assert client.post(f"{self.path}/index/batch", json={"documents": documents}).json() == {"indexed": len(TEXTS)}
        rows = client.post("/embed", json={"texts": list(TEXTS.values())}).json()["embeddings"]
        self.rows = dict(zip(TEXTS, rows, strict=True))
        # BM25 of what is not in the index of words yet is rounded otherwise.
        until(lambda: f'vecd_index_pending_words{{collection="{self.path[13:]}"}} 0.0' in client.get("/metrics").text)

    def post(self, **asked: object) -> httpx.Response:
        return self.client.post(f"{self.path}/search", json=asked)

    def search(self, **asked: object) -> list[dict[str, Any]]:
        answer = self.post(**{"threshold": -1} | asked)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    def ids(self, **asked: object) -> list[str]:
        return [hit["id"] for hit in self.search(**asked)]

    def cosines(self, vector: Any) -> dict[str, float]:
        wanted = np.asarray(vector, np.float64)
        wanted /= np.linalg.norm(wanted)
        found = {id_: float(np.asarray(row) @ wanted) for id_, row in self.rows.items()}
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))


@pytest.fixture(scope="module")
def searcher(tiny_server: RunningServer) -> Iterator[Searcher]:
    with tiny_server.client() as client:
        found = Searcher(client)
        yield found
        client.delete(found.path)


def test_a_query_is_embedded_with_its_prompt_and_compared_with_each(searcher: Searcher) -> None:
    asked = searcher.client.post("/embed", json={"texts": ["apples"], "prompt": "query"}).json()["embeddings"][0]
    expected = searcher.cosines(asked)
    hits = searcher.search(query="apples")
    assert [hit["id"] for hit in hits] == list(expected)
    assert [hit["score"] for hit in hits] == pytest.approx(list(expected.values()), abs=1e-6)
    assert hits[0]["text"] == TEXTS[hits[0]["id"]]
    assert set(hits[0]) == {"id", "text", "score", "metadata"}


@pytest.mark.parametrize("scale", [1.0, 1e-3, 7, 1e30, 1e308, 1e-300, 5e-324 * 2**20])
def test_of_a_vector_the_direction_counts(searcher: Searcher, scale: float) -> None:
    row = [round(value * 64) / 64 * scale for value in searcher.rows["car"]]
    expected = searcher.cosines([round(value * 64) / 64 for value in searcher.rows["car"]])
    hits = searcher.search(vector=row)
    assert [hit["id"] for hit in hits] == list(expected)
    assert [hit["score"] for hit in hits] == pytest.approx(list(expected.values()), abs=1e-4)


@pytest.mark.parametrize(
    ("vector", "status"),
    [
        ([], 422),
        ([0.0] * HIDDEN, 422),
        ([-0.0] * HIDDEN, 422),
        ([1.0] * (HIDDEN - 1), 422),
        ([1.0] * (HIDDEN + 1), 422),
        (["1"] * HIDDEN, 400),
        ([None] * HIDDEN, 400),
        ([True] * HIDDEN, 400),
        ([[1.0] * HIDDEN], 400),
        ("AAAA", 400),
    ],
)
def test_what_is_no_vector_of_this_model_is_refused(searcher: Searcher, vector: object, status: int) -> None:
    assert searcher.post(vector=vector).status_code == status


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused(searcher: Searcher, value: float) -> None:
    for asked in ({"vector": [value] + [1.0] * (HIDDEN - 1)}, {"query": "apples", "threshold": value}):
        content = msgspec.msgpack.encode(asked)
        answer = searcher.client.post(f"{searcher.path}/search", content=content, headers=MESSAGE_PACK)
        assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("mode", ["vector", "text", "hybrid"])
def test_what_is_like_a_document_is_found_without_it(searcher: Searcher, mode: str) -> None:
    hits = searcher.ids(like="green", mode=mode)
    assert "green" not in hits
    assert len(hits) == (2 if mode == "text" else 5)
    assert len(searcher.ids(like="green", mode=mode, top_k=1)) == 1
    assert searcher.ids(like="green", mode=mode, filter={"n": {"$in": [1, 2]}}) == ["pear"]
    assert "green" not in searcher.ids(like="green", mode=mode, top_k=1000)


def test_likeness_is_that_of_the_stored_vectors(searcher: Searcher) -> None:
    expected = {id_: score for id_, score in searcher.cosines(searcher.rows["car"]).items() if id_ != "car"}
    hits = searcher.search(like="car")
    assert [hit["id"] for hit in hits] == list(expected)
    assert [hit["score"] for hit in hits] == pytest.approx(list(expected.values()), abs=1e-6)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"query": "a", "like": "red"}, 400),
        ({"query": "a", "vector": [1.0] * HIDDEN}, 400),
        ({"query": None}, 400),
        ({"like": "nobody"}, 404),
        ({"like": ""}, 422),
        ({"like": "a\0"}, 422),
        ({"vector": [1.0] * HIDDEN, "mode": "text"}, 422),
        ({"vector": [1.0] * HIDDEN, "mode": "hybrid"}, 422),
        ({"query": "a", "mode": "both"}, 400),
        ({"query": "a", "colour": 1}, 400),
        ({"query": "a", "weight": -0.01}, 400),
        ({"query": "a", "weight": 1.01, "mode": "hybrid"}, 400),
        ({"query": "a", "weight": "0.5"}, 400),
        ({"query": "a", "weight": None}, 400),
        ({"query": "a", "fusion": "sum"}, 400),
        ({"query": "a", "explain": 1}, 400),
        ({"query": "a", "prefix": "a"}, 400),
        ({"query": "a", "typos": None}, 400),
        ({"query": "a", "top_k": 0}, 400),
        ({"query": "a", "top_k": 1001}, 400),
        ({"query": "a", "top_k": 2.5}, 400),
        ({"query": "a", "top_k": True}, 400),
        ({"query": "a", "threshold": "0"}, 400),
        ({"query": "a", "filter": []}, 400),
        ({"query": "a", "filter": {"$near": 1}}, 422),
        ({"query": "a", "filter": {"n": {"$gt": True}}}, 422),
        ({"query": "a" * (1024 * 1024 + 1)}, 422),
        ({"query": "a" * (1024 * 1024 + 1), "mode": "text"}, 422),
    ],
)
def test_bad_searches_are_told(searcher: Searcher, asked: dict[str, object], status: int) -> None:
    answer = searcher.post(**asked)
    assert answer.status_code == status, answer.text
    batch = searcher.client.post(f"{searcher.path}/search/batch", json={"searches": [{"query": "apples"}, asked]})
    assert batch.status_code == status


def test_a_threshold_is_compared_with_the_score_of_the_mode(searcher: Searcher) -> None:
    own = searcher.rows["odd"]
    expected = [id_ for id_, score in searcher.cosines(own).items() if score >= 0.5]
    assert [hit["id"] for hit in searcher.post(vector=own, threshold=0.5).json()] == expected
    assert len(searcher.post(vector=own).json()) == len(TEXTS)
    assert len(searcher.post(query="apple", mode="text").json()) == 2
    assert len(searcher.post(query="apple", mode="hybrid").json()) == len(TEXTS)
    for mode in ("vector", "text", "hybrid"):
        assert searcher.post(query="apple", mode=mode, threshold=1e6).json() == []
        best, second = searcher.search(query="apple", mode=mode)[:2]
        assert second["score"] <= best["score"]
        at_best = searcher.ids(query="apple", mode=mode, threshold=best["score"])
        assert at_best == [id_ for id_ in at_best if id_ in {best["id"], second["id"]}]
        assert best["id"] in at_best


def test_hybrid_adds_both_scores_by_weight_and_tells_them(searcher: Searcher) -> None:
    asked = {"query": "a green apple", "mode": "hybrid", "explain": True}
    cosines = {hit["id"]: hit["score"] for hit in searcher.search(query="a green apple")}
    words = {hit["id"]: hit["score"] for hit in searcher.search(query="a green apple", mode="text")}
    for given in ({}, {"weight": 0}, {"weight": 0.3}, {"weight": 1}):
        weight = given.get("weight", 0.5)
        hits = searcher.search(**asked, **given)
        assert {hit["id"] for hit in hits} == set(TEXTS)
        for hit in hits:
            vector, text = hit["explain"]["vector"], hit["explain"]["text"]
            assert set(hit["explain"]) == {"vector", "text"}
            assert vector["score"] == pytest.approx(cosines[hit["id"]], abs=1e-6)
            assert text["score"] == pytest.approx(words.get(hit["id"], 0), rel=1e-5)
            assert hit["score"] == pytest.approx(weight * vector["normalized"] + (1 - weight) * text["normalized"])
            assert 0 <= hit["score"] <= 1
    assert searcher.ids(**asked, weight=1) == searcher.ids(query="a green apple")
    assert searcher.ids(**asked, weight=0)[: len(words)] == searcher.ids(query="a green apple", mode="text")


def test_hybrid_adds_reciprocal_ranks_where_asked_to(searcher: Searcher) -> None:
    hits = searcher.search(query="a green apple", mode="hybrid", fusion="rrf", explain=True, weight=0)
    by_rank = [searcher.ids(query="a green apple", mode=mode) for mode in ("vector", "text")]
    assert {hit["id"] for hit in hits} == set(TEXTS)
    for hit in hits:
        ranks = {
            side: ids.index(hit["id"]) + 1
            for side, ids in zip(("vector", "text"), by_rank, strict=True)
            if hit["id"] in ids
        }
        assert {side: part["rank"] for side, part in hit["explain"].items()} == ranks
        assert {name for part in hit["explain"].values() for name in part} == {"score", "rank"}
        assert hit["score"] == pytest.approx(sum(1 / (60 + rank) for rank in ranks.values()))


@pytest.mark.parametrize("mode", ["vector", "text"])
def test_a_score_of_one_part_is_told_as_that(searcher: Searcher, mode: str) -> None:
    hits = searcher.search(query="apple", mode=mode, explain=True, weight=0.1, fusion="rrf")
    assert hits
    assert [hit.pop("explain") for hit in hits] == [{mode: {"score": hit["score"]}} for hit in hits]
    assert hits == searcher.search(query="apple", mode=mode)


def test_beginnings_and_typing_errors_are_forgiven_where_asked_to(searcher: Searcher) -> None:
    assert searcher.ids(query="app", mode="text") == []
    assert set(searcher.ids(query="app", mode="text", prefix=True)) == {"red", "green"}
    assert searcher.ids(query="aple gren", mode="text") == []
    assert searcher.ids(query="appel", mode="text") == []
    assert set(searcher.ids(query="appel", mode="text", typos=True)) == {"red", "green"}
    for asked in ({"prefix": True}, {"typos": True}):
        assert searcher.search(query="apple", **asked) == searcher.search(query="apple")
    (hit,) = searcher.search(query="appel", mode="hybrid", typos=True, explain=True, top_k=1, weight=0)
    assert hit["id"] in {"red", "green"}


def test_words_are_found_whatever_signs_are_around_them(searcher: Searcher) -> None:
    assert searcher.ids(query='"apple* AND NEAR( ^', mode="text") == searcher.ids(query="apple", mode="text")
    assert searcher.ids(query="", mode="text") == []
    assert searcher.ids(query="\0\0", mode="text") == []


def test_results_stand_in_the_order_of_the_searches(searcher: Searcher) -> None:
    searches: list[dict[str, object]] = [
        {"query": "cars", "threshold": -1, "top_k": 2},
        {"vector": searcher.rows["odd"], "threshold": -1, "top_k": 1},
        {"query": "nothing of this", "mode": "text"},
        {"like": "red", "threshold": -1},
        {"query": "apples", "threshold": -1, "filter": {"fruit": False}},
        {"query": "aple", "mode": "hybrid", "prefix": True, "typos": True, "weight": 0.2, "explain": True},
        {"like": "green", "mode": "hybrid", "fusion": "rrf", "explain": True},
    ]
    answer = searcher.client.post(f"{searcher.path}/search/batch", json={"searches": searches * 20})
    assert answer.json() == {"results": [searcher.search(**one) for one in searches] * 20}
    assert searcher.client.post(f"{searcher.path}/search/batch", json={"searches": []}).json() == {"results": []}


@pytest.mark.parametrize("one", [{"query": "apple"}, {"query": "apple", "mode": "text"}, {"like": "red"}])
def test_more_searches_than_the_limit_are_refused(searcher: Searcher, one: dict[str, object]) -> None:
    answer = searcher.client.post(f"{searcher.path}/search/batch", json={"searches": [one] * 2049})
    assert answer.status_code == 400
    assert "max_client_batch_size" in answer.json()["detail"]


def test_hits_of_all_searches_together_are_held_to_a_bodys_size(searcher: Searcher) -> None:
    large = {"id": "large", "text": "large " * 50_000}
    assert searcher.client.post(f"{searcher.path}/index", json=large).status_code == 200
    one = {"query": "large", "mode": "text"}
    path = f"{searcher.path}/search/batch"
    assert searcher.client.post(path, json={"searches": [one] * 5}).status_code == 200
    answer = searcher.client.post(path, json={"searches": [one] * 8})
    assert answer.status_code == 422
    assert "bytes" in answer.json()["detail"]
    small = [{"query": "apple", "mode": "hybrid", "top_k": 6, "filter": {"n": {"$gte": 0}}}] * 2000
    assert searcher.client.post(path, json={"searches": small}).status_code == 422
    assert searcher.client.delete(f"{searcher.path}/index/large").status_code == 200


def test_a_search_that_cannot_be_done_in_time_is_told(searcher: Searcher) -> None:
    searches = [{"query": "apple", "mode": "hybrid"}] * 2000
    answer = searcher.client.post(
        f"{searcher.path}/search/batch", json={"searches": searches}, headers={"x-request-timeout-ms": "20"}
    )
    assert answer.status_code in {429, 504}
    assert searcher.ids(query="apples")


@pytest.mark.parametrize("text", ["plain", "", "a " * 500, "😀 \0 é", "x" * 5000])
def test_a_stored_vector_is_that_of_embed_bit_for_bit_whatever_came_with_it(searcher: Searcher, text: str) -> None:
    (expected,) = searcher.client.post("/embed", json={"texts": [text], "cache": False}).json()["embeddings"]
    company = [f"company {number} {'word ' * (number % 40)}" for number in range(40)]
    documents = [{"id": f"c{number}", "text": one} for number, one in enumerate(company)]
    documents.insert(17, {"id": "it", "text": text})
    path = f"/collections/{uuid.uuid4().hex}"
    assert searcher.client.put(path, json={"passages": False}).status_code == 200
    lines = b"\n".join(msgspec.json.encode(one) for one in documents)
    ways: list[dict[str, Any]] = [
        {"url": f"{path}/index", "json": {"id": "it", "text": text}},
        {"url": f"{path}/index/batch", "json": {"documents": documents}},
        {"url": f"{path}/index/batch", "content": lines, "headers": {"content-type": "application/x-ndjson"}},
    ]
    for way in ways:
        assert searcher.client.post(**way).status_code == 200
        stored = searcher.client.get(f"{path}/index/it", params={"include_vector": "true"}).json()["vector"]
        assert np.asarray(stored, np.float32).tobytes() == np.asarray(expected, np.float32).tobytes()
        page = searcher.client.get(f"{path}/index", params={"include_vector": "true", "limit": "1000"}).json()
        assert next(one["vector"] for one in page["documents"] if one["id"] == "it") == stored
    searcher.client.delete(path)
