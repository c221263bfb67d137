"""Documents longer than the model reads: cut, embedded passage by passage, found by the best one, once."""

import itertools
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from tests.running import RunningServer

SUBJECTS = ("apples", "trains", "violins", "glaciers", "bread", "beetles")
SMALL = {"passages": {"max_tokens": 16, "overlap_tokens": 4}}


def long_text(subjects: tuple[str, ...]) -> str:
    """Paragraphs, each about one subject."""
    return "\n\n".join(" ".join(f"{one} {number}." for number in range(40)) for one in subjects)


@pytest.fixture
def path(tiny_server: RunningServer) -> Iterator[tuple[httpx.Client, str]]:
    with tiny_server.client() as client:
        path = f"/collections/{uuid.uuid4().hex}"
        assert client.put(path, json=SMALL).status_code == 200
        yield client, path
        client.delete(path)


def stored(client: httpx.Client, path: str, id_: str) -> dict[str, Any]:
    query = {"include_passages": "true", "include_vector": "true"}
    found: dict[str, Any] = client.get(f"{path}/index/{id_}", params=query).json()
    return found


def test_every_passage_has_the_vector_of_its_text_and_every_character_is_in_one(
    path: tuple[httpx.Client, str],
) -> None:
    client, base = path
    text = long_text(SUBJECTS)
    answer = client.post(f"{base}/index", json={"id": "long", "text": text})
    assert answer.status_code == 200
    assert "x-truncated-inputs" not in answer.headers
    found = stored(client, base, "long")
    passages = found["passages"]
    assert len(passages) > len(SUBJECTS)
    covered = 0
    for one in passages:
        assert one["start"] <= covered < one["end"]
        covered = one["end"]
    assert (passages[0]["start"], covered) == (0, len(text))
    texts = [text[one["start"] : one["end"]] for one in passages]  # the model has no room for a title
    embedded = client.post("/embed", json={"texts": texts, "cache": False}).json()
    assert not any(embedded["truncated"])
    rows = np.asarray(embedded["embeddings"], np.float32)
    assert np.asarray([one["vector"] for one in passages], np.float32).tobytes() == rows.tobytes()
    mean = rows.astype(np.float64).sum(axis=0)
    assert found["vector"] == pytest.approx((mean / np.linalg.norm(mean)).tolist(), abs=1e-6)


def test_a_document_is_found_once_by_its_best_passage(path: tuple[httpx.Client, str]) -> None:
    client, base = path
    for id_, subjects in enumerate(itertools.combinations(SUBJECTS, 3)):
        client.post(f"{base}/index", json={"id": str(id_), "text": long_text(subjects), "metadata": {"n": id_ % 2}})
    for query, filter_ in itertools.product(("bread 3.", "glaciers 7. violins"), ({}, {"n": 1})):
        row = np.asarray(client.post("/embed", json={"texts": [query]}).json()["embeddings"][0], np.float64)
        best = {}
        listed = client.get(f"{base}/index", params={"include_passages": "true", "include_vector": "true"}).json()
        for one in listed["documents"]:
            if filter_.items() <= one["metadata"].items():
                scores = [float(np.asarray(passage["vector"], np.float64) @ row) for passage in one["passages"]]
                best[one["id"]] = (max(scores), one["passages"][int(np.argmax(scores))])
        asked = {"vector": row.tolist(), "top_k": 50, "threshold": -1, "filter": filter_}
        hits = client.post(f"{base}/search", json=asked).json()
        assert {hit["id"] for hit in hits} == set(best)
        assert len(hits) == len(best)
        assert [hit["score"] for hit in hits] == pytest.approx(
            sorted((score for score, _ in best.values()), reverse=True), abs=1e-5
        )
        for hit in hits:
            score, _ = best[hit["id"]]
            assert hit["score"] == pytest.approx(score, abs=1e-5)
            texts = [hit["text"][hit["passage"]["start"] : hit["passage"]["end"]]]
            again = client.post("/embed", json={"texts": texts}).json()["embeddings"][0]
            assert float(np.asarray(again) @ row) == pytest.approx(hit["score"], abs=1e-5)


def test_what_is_not_cut_is_as_it_was(path: tuple[httpx.Client, str]) -> None:
    client, base = path
    assert client.put(base, json={"passages": False}).json()["passages"] is False
    text = long_text(SUBJECTS)
    assert client.post(f"{base}/index", json={"id": "long", "text": text}).headers["x-truncated-inputs"]
    assert client.post(f"{base}/index?truncate=false", json={"id": "long", "text": text}).status_code in {413, 422}
    found = stored(client, base, "long")
    assert [(one["start"], one["end"]) for one in found["passages"]] == [(0, len(text))]
    (expected,) = client.post("/embed", json={"texts": [text], "cache": False}).json()["embeddings"]
    assert np.asarray(found["vector"], np.float32).tobytes() == np.asarray(expected, np.float32).tobytes()


def test_other_settings_are_told_until_a_reindexing(path: tuple[httpx.Client, str]) -> None:
    client, base = path
    texts = {"long": long_text(SUBJECTS), "short": "a short one"}
    for id_, text in texts.items():
        client.post(f"{base}/index", json={"id": id_, "text": text, "metadata": {"n": 1}})
    before = {id_: stored(client, base, id_) for id_ in texts}
    assert client.get(base).json()["passages_stale"] is False
    client.put(base, json={"passages": {"max_tokens": 32, "overlap_tokens": 0}})
    assert client.get(base).json()["passages_stale"] is True
    assert {id_: stored(client, base, id_) for id_ in texts} == before
    assert client.post(f"{base}/reindex").status_code == 202
    while (state := client.get(base).json())["state"] == "reindexing":
        pass
    assert state["passages_stale"] is False
    after = {id_: stored(client, base, id_) for id_ in texts}
    assert after["short"] == before["short"]
    assert len(after["long"]["passages"]) < len(before["long"]["passages"])
    assert after["long"]["metadata"] == {"n": 1}
    assert client.post(f"{base}/search", json={"query": "beetles", "mode": "text"}).json()[0]["id"] == "long"


def test_a_text_that_has_not_changed_is_not_computed_again(path: tuple[httpx.Client, str]) -> None:
    client, base = path
    body = {"id": "long", "text": long_text(SUBJECTS)}
    client.post(f"{base}/index", json=body)
    before, tokens = stored(client, base, "long"), computed_tokens(client)
    client.post(f"{base}/index", json=body | {"metadata": {"n": 2}})
    assert computed_tokens(client) == tokens
    assert stored(client, base, "long") == before | {"metadata": {"n": 2}}


def computed_tokens(client: httpx.Client) -> float:
    """How many tokens the workers have computed since the start."""
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("vecd_computed_tokens_total"))


def test_a_text_of_too_many_passages_is_refused_before_it_is_computed(path: tuple[httpx.Client, str]) -> None:
    client, base = path
    before = computed_tokens(client)
    answer = client.post(f"{base}/index", json={"id": "many", "text": "1 " * (16 * 16_500)})
    assert answer.status_code == 422
    assert "16384 are allowed" in answer.json()["detail"]
    assert computed_tokens(client) == before
    assert client.get(f"{base}/index/many").status_code == 404
