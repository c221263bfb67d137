"""Documents as points of a plane over HTTP: who is shown where, and how a client places any other text among them."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.running import RunningServer
from tests.tiny import HIDDEN

DOCUMENTS = 30
FLOAT16 = 2e-3  # what rounding a unit vector to float16 may move it


class Mapped:
    """A collection of its own."""

    def __init__(self, client: httpx.Client, documents: int = DOCUMENTS) -> None:
        self.client = client
        self.path = f"/collections/{uuid.uuid4().hex}"
        assert client.put(self.path).status_code == 200
        self.texts = {f"d{n}": f"text {n * n} of {'abc'[n % 3] * (n % 5 + 1)}" for n in range(documents)}
        if documents:
            given = [{"id": id_, "text": text, "metadata": {"n": int(id_[1:])}} for id_, text in self.texts.items()]
            assert client.post(f"{self.path}/index/batch", json={"documents": given}).status_code == 200

    def ask(self, **body: Any) -> dict[str, Any]:
        answer = self.client.post(f"{self.path}/index/projection", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def vector(self, text: str) -> NDArray[np.float64]:
        return np.array(self.client.post("/embed", json={"texts": [text]}).json()["embeddings"][0])


@pytest.fixture(scope="module")
def mapped(tiny_server: RunningServer) -> Iterator[Mapped]:
    with tiny_server.client() as client:
        found = Mapped(client)
        yield found
        client.delete(found.path)


def placed(vector: NDArray[np.float64], found: dict[str, Any]) -> NDArray[np.float64]:
    """Where the answer says that a vector stands."""
    place: NDArray[np.float64] = np.array(found["components"]) @ (vector - np.array(found["mean"]))
    return place


def test_a_text_is_placed_where_the_document_of_the_same_text_stands(mapped: Mapped) -> None:
    found = mapped.ask()
    assert (found["documents"], found["ids"], found["values"]) == (DOCUMENTS, list(mapped.texts), [])
    assert np.array(found["components"]).shape == (2, HIDDEN)
    assert 0 < found["explained"][1] <= found["explained"][0] < 1
    for id_, x, y in zip(found["ids"], found["x"], found["y"], strict=True):
        assert placed(mapped.vector(mapped.texts[id_]), found) == pytest.approx((x, y), abs=FLOAT16)


def test_a_body_is_optional_and_the_field_and_the_limit_are_what_it_may_have(mapped: Mapped) -> None:
    whole = mapped.ask()
    assert mapped.client.post(f"{mapped.path}/index/projection").json() == whole
    assert mapped.ask(field=None) == whole
    assert mapped.ask(field="n") == whole | {"values": list(range(DOCUMENTS))}
    assert mapped.ask(field="nobody's")["values"] == [None] * DOCUMENTS
    few = mapped.ask(field="n", limit=4)
    assert (few["documents"], few["values"]) == (DOCUMENTS, [0, 7, 15, 22])
    assert (few["ids"], few["state"]) == (["d0", "d7", "d15", "d22"], whole["state"])


def test_with_a_filter_the_documents_that_match_stand_where_they_stand_without(mapped: Mapped) -> None:
    whole, some = mapped.ask(), mapped.ask(field="n", filter={"n": {"$gte": 20}})
    assert (some["documents"], some["values"]) == (10, list(range(20, 30)))
    assert (some["x"], some["y"]) == (whole["x"][20:], whole["y"][20:])
    assert {name: some[name] for name in ("mean", "components", "explained", "state")}.items() <= whole.items()
    assert mapped.ask(filter={}) == mapped.ask(filter=None) == whole
    nothing = mapped.ask(filter={"n": -1})
    assert (nothing["documents"], nothing["ids"], nothing["mean"]) == (0, [], whole["mean"])
    answer = mapped.client.post(f"{mapped.path}/index/projection", json={"filter": {"n": {"$near": 1}}})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"filter": []},
        {"field": ""},
        {"field": 1},
        {"limit": 0},
        {"limit": 100_001},
        {"limit": "7"},
        {"fields": ["n"]},
        [],
    ],
)
def test_what_cannot_be_shown_is_told(mapped: Mapped, body: Any) -> None:
    assert mapped.client.post(f"{mapped.path}/index/projection", json=body).status_code == 400


def test_where_there_is_no_collection_there_is_no_projection(mapped: Mapped) -> None:
    assert mapped.client.post("/collections/nowhere/index/projection").status_code == 404
    assert mapped.client.post("/collections/UPPER/index/projection").status_code == 422


def test_message_pack_says_the_same(mapped: Mapped) -> None:
    accepted = {"accept": "application/x-msgpack"}
    answer = mapped.client.post(f"{mapped.path}/index/projection", json={"field": "n"}, headers=accepted)
    found, json = msgspec.msgpack.decode(answer.content), mapped.ask(field="n")
    rows = ("x", "y", "mean", "components")
    assert {name: found[name] for name in found if name not in rows} == {n: json[n] for n in json if n not in rows}
    for name in rows:
        assert np.array_equal(np.array(found[name], np.float32), np.array(json[name], np.float32))


@pytest.mark.parametrize(
    "filter_", [{"n": msgspec.msgpack.Ext(5, b"x")}, {"n": {(1,): 1}}, {"n": b"abc"}, {"n": {"$in": [b"abc"]}}]
)
def test_what_only_message_pack_can_say_is_no_filter(mapped: Mapped, filter_: Any) -> None:
    answer = mapped.client.post(
        f"{mapped.path}/index/projection",
        content=msgspec.msgpack.encode({"filter": filter_}),
        headers={"content-type": "application/x-msgpack"},
    )
    assert answer.status_code == 422, answer.text


def test_it_changes_with_the_documents(tiny_server: RunningServer) -> None:
    with tiny_server.client() as client:
        own = Mapped(client, documents=0)
        empty = own.ask(field="n")
        assert (empty["documents"], empty["ids"], empty["x"], empty["y"], empty["values"]) == (0, [], [], [], [])
        assert (np.array(empty["components"]) == np.zeros((2, HIDDEN))).all()
        assert empty["mean"] == [0.0] * HIDDEN
        assert own.ask(field="n") == empty
        client.post(f"{own.path}/index", json={"id": "a", "text": "a text"}).raise_for_status()
        alone = own.ask()
        assert (alone["ids"], alone["x"], alone["y"], alone["explained"]) == (["a"], [0.0], [0.0], [0.0, 0.0])
        assert alone["state"] != empty["state"]
        client.post(f"{own.path}/index", json={"id": "b", "text": "another, longer text"}).raise_for_status()
        client.delete(f"{own.path}/index/a").raise_for_status()
        assert own.ask()["ids"] == ["b"]
        client.delete(own.path)


def test_the_default_collection_has_one_and_a_document_may_be_called_so(tiny_server: RunningServer) -> None:
    with tiny_server.client() as client:
        client.post("/index", json={"id": "projection", "text": "a text"}).raise_for_status()
        assert client.get("/index/projection").json() == {"id": "projection", "text": "a text", "metadata": {}}
        found = client.post("/index/projection").json()
        assert "projection" in found["ids"]
        assert found == client.post("/collections/default/index/projection").json()
        assert client.patch("/index/projection", json={"metadata": {"a": 1}}).json()["metadata"] == {"a": 1}
        assert client.delete("/index/projection").json() == {"deleted": "projection"}
