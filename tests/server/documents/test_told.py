"""What an answer leaves out is told: words that a ranking ignores, and what searches through the graphs find."""

from collections.abc import Iterator

import httpx
import pytest

from tests.running import RunningServer

WORDS = [f"word{n:05d}x" for n in range(1_100)]
RANKED_BY = 1_024


@pytest.fixture
def client(tiny_server: RunningServer) -> Iterator[httpx.Client]:
    with tiny_server.client() as client:
        client.put("/collections/told")
        for id_, text in (("all", " ".join(WORDS)), ("one", WORDS[0])):
            client.post("/collections/told/index", json={"id": id_, "text": text}).raise_for_status()
        yield client
        client.delete("/collections/told")


@pytest.mark.parametrize("mode", ["text", "hybrid"])
def test_words_that_the_ranking_ignores_are_counted(client: httpx.Client, mode: str) -> None:
    search = {"query": " ".join(WORDS), "mode": mode}
    alone = client.post("/collections/told/search", json=search)
    assert alone.headers["x-words-ignored"] == str(len(WORDS) - RANKED_BY)
    assert {hit["id"] for hit in alone.json()} >= {"all"}
    batch = client.post("/collections/told/search/batch", json={"searches": [search, search]})
    assert batch.headers["x-words-ignored"] == str(2 * (len(WORDS) - RANKED_BY))


def test_nothing_is_told_where_no_word_is_ignored(client: httpx.Client) -> None:
    answer = client.post("/collections/told/search", json={"query": WORDS[0], "mode": "text"})
    assert {hit["id"] for hit in answer.json()} == {"all", "one"}
    assert "x-words-ignored" not in answer.headers


def test_the_statistics_say_what_searches_find(client: httpx.Client) -> None:
    index = client.get("/stats").json()["index"]
    assert index["exact"] == 0
    assert index["recall"] is None or 0 <= index["recall"] <= 1
    assert (index["recall_target"], index["width"]) == (0.98, 128)
    graph = client.get("/collections/told").json()["graph"]
    assert graph.pop("recall") in {None, 1.0}
    assert graph == {"target": 0.98, "width": 128, "exact": False}
    metrics = client.get("/metrics").text
    for name in ("nodes", "unreached_nodes", "recall", "recall_target", "width", "exact", "words_failed"):
        assert f'vecd_index_{name}{{collection="told"}}' in metrics


@pytest.mark.parametrize(
    "everything", [{}, {"$and": [{}]}, {"$or": [{}]}, {"g": {"$nin": []}}, {"$not": {"$not": {}}}], ids=str
)
def test_a_filter_that_holds_for_all_deletes_nothing(client: httpx.Client, everything: dict[str, object]) -> None:
    answer = client.post("/collections/told/index/delete", json={"filter": everything})
    assert answer.status_code == 422
    assert "every document" in answer.json()["detail"]
    assert client.get("/collections/told").json()["documents"] == 2


def test_a_threshold_of_one_finds_what_is_equal(client: httpx.Client) -> None:
    for number in range(50):
        text = f"a text of its own, number {number}"
        client.post("/collections/told/index", json={"id": str(number), "text": text}).raise_for_status()
        vector = client.get(f"/collections/told/index/{number}?include_vector=true").json()["vector"]
        hits = client.post("/collections/told/search", json={"vector": vector, "threshold": 1}).json()
        assert str(number) in {hit["id"] for hit in hits}
        assert all(hit["score"] <= 1 for hit in hits)
