"""What a search gives over HTTP: fields, snippets, pages, groups and diverse hits, and what is refused."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from tests.running import RunningServer
from tests.server.polling import until
from tests.tiny import HIDDEN

FIELDS = ["id", "text", "score", "metadata", "passage", "vector"]
TEXTS = {
    "red": "a red apple",
    "green": "a green apple",
    "pear": "green pears in a bowl",
    "car": "the fast car 1",
    "cart": "the slow cart 2",
    "long": "nothing to see here. " * 20 + "At last an apple is mentioned. " + "And then nothing again. " * 20,
}


class Searcher:
    """A collection of its own."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.path = f"/collections/{uuid.uuid4().hex}"
        client.put(self.path).raise_for_status()
        documents = [
            {"id": id_, "text": text, "metadata": {"kind": "fruit" if n < 3 else "thing", "n": n}}
            for n, (id_, text) in enumerate(TEXTS.items())
        ]
        client.post(f"{self.path}/index/batch", json={"documents": documents}).raise_for_status()
        # BM25 of what is not in the index of words yet is rounded otherwise.
        until(lambda: f'vecd_index_pending_words{{collection="{self.path[13:]}"}} 0.0' in client.get("/metrics").text)

    def post(self, **asked: object) -> httpx.Response:
        return self.client.post(f"{self.path}/search", json={"threshold": -1} | asked)

    def search(self, **asked: object) -> list[dict[str, Any]]:
        answer = self.post(**asked)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found


@pytest.fixture(scope="module")
def searcher(tiny_server: RunningServer) -> Iterator[Searcher]:
    with tiny_server.client() as client:
        found = Searcher(client)
        yield found
        client.delete(found.path)


@pytest.mark.parametrize("fields", [[], *([one] for one in FIELDS), ["id", "score"], ["metadata", "vector"], FIELDS])
@pytest.mark.parametrize("mode", ["vector", "text", "hybrid"])
def test_hits_have_what_is_named(searcher: Searcher, mode: str, fields: list[str]) -> None:
    asked = {"query": "apple", "mode": mode}
    everything = searcher.search(**asked, fields=FIELDS)
    hits = searcher.search(**asked, fields=fields)
    assert hits == [{name: hit[name] for name in hit if name in fields} for hit in everything]
    assert searcher.search(**asked) == [{n: v for n, v in hit.items() if n != "vector"} for hit in everything]


def test_the_vector_of_a_hit_is_the_documents(searcher: Searcher) -> None:
    for hit in searcher.search(query="apple", fields=["id", "vector"]):
        shown = searcher.client.get(f"{searcher.path}/index/{hit['id']}?include_vector=true").json()
        assert len(hit["vector"]) == HIDDEN
        assert hit["vector"] == pytest.approx(shown["vector"], abs=1e-6)


@pytest.mark.parametrize("mode", ["vector", "text", "hybrid"])
@pytest.mark.parametrize("snippet", [True, {}, {"max_characters": 30}])
def test_snippets_lie_in_the_text_and_mark_what_was_found(searcher: Searcher, mode: str, snippet: Any) -> None:
    hits = searcher.search(query="apples", mode=mode, snippet=snippet, fields=["id"])
    most = snippet["max_characters"] if isinstance(snippet, dict) and snippet else 200
    assert {hit["id"] for hit in hits} >= {"red", "green", "long"}
    for hit in hits:
        assert set(hit) == {"id", "snippet"}
        told, text = hit["snippet"], TEXTS[hit["id"]]
        assert told["text"] == text[told["start"] : told["end"]]
        assert 0 < len(told["text"]) <= most
        words = [told["text"][mark["start"] : mark["end"]] for mark in told["marks"]]
        assert set(words) <= {"apple"}
        assert words or mode == "vector" or "apple" not in text


def test_snippets_are_told_only_where_they_are_asked_for(searcher: Searcher) -> None:
    assert all("snippet" not in hit for hit in searcher.search(query="apple"))
    assert all("snippet" not in hit for hit in searcher.search(query="apple", snippet=False))


@pytest.mark.parametrize("mode", ["vector", "text", "hybrid"])
def test_pages_are_parts_of_the_whole(searcher: Searcher, mode: str) -> None:
    whole = searcher.search(query="a green apple", mode=mode, top_k=1000)
    for size in (1, 2, 4):
        pages = [searcher.search(query="a green apple", mode=mode, top_k=size, offset=at) for at in range(0, 8, size)]
        assert [hit for page in pages for hit in page] == whole
    assert searcher.search(query="a green apple", mode=mode, offset=990) == []


def test_of_a_group_the_best_are_hits(searcher: Searcher) -> None:
    whole = searcher.search(query="a green apple")
    for most in (1, 2):
        expected, seen = [], list[str]()
        for hit in whole:
            if seen.count(hit["metadata"]["kind"]) < most:
                expected.append(hit)
            seen.append(hit["metadata"]["kind"])
        assert searcher.search(query="a green apple", group_by="kind", per_group=most) == expected
    assert searcher.search(query="a green apple", group_by="n") == whole
    assert searcher.search(query="a green apple", group_by="no such field") == whole


def test_without_diversity_hits_come_as_they_are_ranked(searcher: Searcher) -> None:
    whole = searcher.search(query="a green apple")
    assert searcher.search(query="a green apple", mmr={"diversity": 0}) == whole
    diverse = searcher.search(query="a green apple", mmr={"diversity": 1})
    assert {hit["id"] for hit in diverse} == {hit["id"] for hit in whole}
    assert diverse[0] == whole[0]
    rows = {hit["id"]: hit["vector"] for hit in searcher.search(query="a green apple", fields=["id", "vector"])}

    def alike(hit: dict[str, Any]) -> float:
        return float(np.dot(rows[hit["id"]], rows[whole[0]["id"]]))

    short = [hit for hit in whole[1:] if hit["id"] != "long"]
    if diverse[1]["id"] != "long":  # whose vector is another than that of the passage found
        assert diverse[1] == min(short, key=alike)


def test_each_search_of_a_batch_has_its_own(searcher: Searcher) -> None:
    searches = [
        {"query": "apple", "fields": ["id"], "threshold": -1},
        {"query": "apple", "fields": ["score"], "snippet": True, "offset": 2, "threshold": -1},
    ]
    results = searcher.client.post(f"{searcher.path}/search/batch", json={"searches": searches}).json()["results"]
    assert results == [searcher.search(**{k: v for k, v in one.items() if k != "threshold"}) for one in searches]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"fields": ["everything"]}, 400),
        ({"fields": "id"}, 400),
        ({"snippet": {"max_characters": 19}}, 400),
        ({"snippet": {"max_characters": 2001}}, 400),
        ({"snippet": {"length": 100}}, 400),
        ({"snippet": "yes"}, 400),
        ({"offset": -1}, 400),
        ({"offset": 1000}, 400),
        ({"offset": 995}, 422),
        ({"group_by": ""}, 400),
        ({"group_by": "kind", "per_group": 0}, 400),
        ({"group_by": "kind", "per_group": 101}, 400),
        ({"per_group": 2}, 422),
        ({"mmr": {"diversity": 1.5}}, 400),
        ({"mmr": {"diversity": -0.1}}, 400),
        ({"mmr": {"lambda": 0.5}}, 400),
        ({"mmr": True}, 400),
    ],
)
def test_what_cannot_be_asked_is_told(searcher: Searcher, asked: dict[str, object], status: int) -> None:
    assert searcher.post(query="apple", **asked).status_code == status
