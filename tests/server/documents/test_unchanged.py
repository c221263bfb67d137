"""A text that a document has already is not computed again, whichever way it comes; what is told of it is the same."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from tests.running import RunningServer
from tests.server.polling import until

NDJSON = {"content-type": "application/x-ndjson"}


@pytest.fixture
def client(tiny_server: RunningServer) -> Iterator[httpx.Client]:
    with tiny_server.client() as client:
        client.put("/collections/unchanged")
        yield client
        client.delete("/collections/unchanged")


def computed(client: httpx.Client) -> int:
    """Return how many tokens the model has read, once nothing reads others in the background."""
    until(lambda: all(one["state"] != "reindexing" for one in client.get("/collections").json()["collections"]))
    found = re.search(r"^vecd_computed_tokens_total (\S+)", client.get("/metrics").text, re.MULTILINE)
    assert found
    return int(float(found[1]))


def put(client: httpx.Client, texts: dict[str, str], form: str) -> httpx.Response:
    documents = [{"id": id_, "text": text, "metadata": {"n": len(text)}} for id_, text in texts.items()]
    if form == "json":
        answer = client.post("/collections/unchanged/index/batch", json={"documents": documents})
    else:
        lines = "".join(json.dumps(one) + "\n" for one in documents)
        answer = client.post("/collections/unchanged/index/batch", content=lines, headers=NDJSON)
    assert answer.status_code == 200
    return answer


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_what_has_not_changed_is_not_computed(client: httpx.Client, form: str) -> None:
    texts = {f"id {n}": f"text {n} " + "a " * (300 if n == 3 else 1) for n in range(100)}
    everything = "/collections/unchanged/index?include_vector=true&include_passages=true"
    for passages, cut in (({}, None), (False, "1")):
        client.put("/collections/unchanged", json={"passages": passages})
        first = put(client, texts, form)
        before, vectors = computed(client), client.get(everything).json()
        again = put(client, texts, form)
        assert computed(client) == before
        assert again.json() == first.json()
        assert again.headers.get("x-truncated-inputs") == first.headers.get("x-truncated-inputs") == cut
        assert client.get(everything).json() == vectors


def test_what_has_changed_is_computed_and_nothing_else(client: httpx.Client) -> None:
    texts = {f"id {n}": f"text {n}" for n in range(20)}
    put(client, texts, "json")
    alone = client.post("/embed", json={"texts": ["another text"], "cache": False}).json()
    before = computed(client)
    put(client, texts | {"id 7": "another text"}, "json")
    assert computed(client) - before == alone["tokens"][0]
    found = client.get("/collections/unchanged/index/id%207?include_vector=true").json()
    assert found["vector"] == alone["embeddings"][0]


def test_of_two_texts_of_one_id_the_last_stays(client: httpx.Client) -> None:
    client.post("/collections/unchanged/index", json={"id": "a", "text": "old"})
    twice = [{"id": "a", "text": "new"}, {"id": "a", "text": "old"}]
    assert client.post("/collections/unchanged/index/batch", json={"documents": twice}).json() == {"indexed": 1}
    assert client.get("/collections/unchanged/index/a").json()["text"] == "old"


def test_a_text_that_may_not_be_cut_is_refused_though_it_is_stored(client: httpx.Client) -> None:
    document = {"id": "long", "text": "a " * 300}
    client.put("/collections/unchanged", json={"passages": False})
    assert client.post("/collections/unchanged/index", json=document).status_code == 200
    assert client.post("/collections/unchanged/index?truncate=false", json=document).status_code == 422
