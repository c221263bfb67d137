"""Lists of documents by filters and with some fields, their count, and the values of their fields, against a model."""

import json
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.running import RunningServer

SEED = 11
DOCUMENTS = 150
Metadata = dict[str, Any]


def made_up(random_: random.Random) -> Metadata:
    fields: Metadata = {
        "year": random_.randrange(1990, 1996),
        "by": random_.choice(["Ada", "Guido", "Grace"]),
        "draft": random_.random() < 0.3,
        "tags": random_.sample(["web", "db", "ml", 7, True], random_.randrange(4)),
        "path": random_.choice(["work/a", "work/b", "workshop", "home/é", "home/z"]),
        "odd": random_.choice([None, {"a": 1}, [[1]], 1, "1", True]),
    }
    return {name: value for name, value in fields.items() if random_.random() < 0.9}


class Listed:
    """A collection of its own, and what is in it."""

    def __init__(self, client: httpx.Client) -> None:
        random_ = random.Random(SEED)
        self.client = client
        self.path = f"/collections/{uuid.uuid4().hex}"
        self.documents: dict[str, dict[str, Any]] = {
            f"{n:03}": {"id": f"{n:03}", "text": f"text {n}", "metadata": made_up(random_)} for n in range(DOCUMENTS)
        }
        assert client.put(self.path).status_code == 200
        answer = client.post(f"{self.path}/index/batch", json={"documents": list(self.documents.values())})
        assert answer.json() == {"indexed": DOCUMENTS}

    def pages(self, **parameters: str | int) -> list[dict[str, Any]]:
        found, after = [], ""
        while True:
            answer = self.client.get(f"{self.path}/index", params={**parameters, "after": after})
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["documents"]
            if page["next"] is None:
                return found
            after = page["next"]


@pytest.fixture(scope="module")
def listed(tiny_server: RunningServer) -> Iterator[Listed]:
    with tiny_server.client() as client:
        found = Listed(client)
        yield found
        client.delete(found.path)


FILTERS: list[tuple[Metadata, Any]] = [
    ({}, lambda m: True),
    ({"year": 1991}, lambda m: m.get("year") == 1991),
    ({"year": {"$gte": 1991, "$lt": 1994}}, lambda m: 1991 <= m.get("year", 0) < 1994),
    ({"path": {"$prefix": "work/"}}, lambda m: m.get("path", "").startswith("work/")),
    ({"path": {"$prefix": "home/é"}}, lambda m: m.get("path", "").startswith("home/é")),
    ({"path": {"$prefix": ""}}, lambda m: "path" in m),
    ({"$not": {"path": {"$prefix": "work"}}}, lambda m: not m.get("path", "").startswith("work")),
    (
        {"draft": True, "by": {"$in": ["Ada", "Grace"]}},
        lambda m: m.get("draft") is True and m.get("by") in ("Ada", "Grace"),
    ),
    ({"by": "nobody"}, lambda m: False),
]


@pytest.mark.parametrize(("condition", "holds"), FILTERS, ids=[json.dumps(one) for one, _ in FILTERS])
@pytest.mark.parametrize("limit", [7, 1000])
def test_a_list_and_a_count_are_of_what_matches(listed: Listed, condition: Metadata, holds: Any, limit: int) -> None:
    expected = [one for one in listed.documents.values() if holds(one["metadata"])]
    assert listed.pages(filter=json.dumps(condition), limit=limit) == expected
    answer = listed.client.post(f"{listed.path}/index/count", json={"filter": condition})
    assert answer.json() == {"count": len(expected)}


def test_without_a_filter_everything_is_counted(listed: Listed) -> None:
    for body in ({}, {"filter": None}):
        assert listed.client.post(f"{listed.path}/index/count", json=body).json() == {"count": DOCUMENTS}
    assert listed.client.post(f"{listed.path}/index/count").json() == {"count": DOCUMENTS}


@pytest.mark.parametrize(
    "fields", ["id", "metadata", "id,metadata", "text", "vector", "id,vector,passages", "expires_at", "id,id"]
)
def test_a_list_has_the_fields_that_are_named(listed: Listed, fields: str) -> None:
    asked = set(fields.split(","))
    for shown, document in zip(listed.pages(fields=fields), listed.documents.values(), strict=True):
        assert set(shown) == asked - {"expires_at"}
        assert {name: shown[name] for name in shown if name in document} == {
            name: document[name] for name in asked if name in document
        }


def test_one_document_has_the_fields_that_are_named(listed: Listed) -> None:
    path = f"{listed.path}/index?id=007"
    assert listed.client.get(path).json() == listed.documents["007"]
    assert listed.client.get(f"{path}&fields=id,text").json() == {"id": "007", "text": "text 7"}
    assert listed.client.get(f"{path}&fields=score").status_code == 400


def test_fields_and_flags_add_up(listed: Listed) -> None:
    (shown,) = listed.client.get(
        f"{listed.path}/index", params={"fields": "id", "include_vector": "true", "limit": "1"}
    ).json()["documents"]
    assert set(shown) == {"id", "vector"}


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"fields": ""}, 400),
        ({"fields": "id,"}, 400),
        ({"fields": "score"}, 400),
        ({"filter": "{"}, 400),
        ({"filter": "[]"}, 400),
        ({"filter": '{"a": {"$near": 1}}'}, 422),
        ({"filter": '{"a": {"$prefix": 1}}'}, 422),
    ],
)
def test_what_cannot_be_listed_is_told(listed: Listed, parameters: dict[str, str], status: int) -> None:
    assert listed.client.get(f"{listed.path}/index", params=parameters).status_code == status


def kind(value: object) -> int:
    return 0 if isinstance(value, bool) else 1 if isinstance(value, int | float) else 2


def facet_of(documents: list[Metadata], field: str, limit: int) -> dict[str, Any]:
    """Return what the server should say, told naively."""
    counts: Counter[tuple[int, Any]] = Counter()
    for metadata in documents:
        value = metadata.get(field)
        values = value if isinstance(value, list) else [value]
        scalars = {(kind(one), one) for one in values if isinstance(one, bool | int | float | str)}
        counts.update(scalars)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0][0], item[0][1]))
    return {"values": [{"value": value, "count": n} for (_, value), n in ranked[:limit]], "distinct": len(ranked)}


@pytest.mark.parametrize("limit", [1, 2, 1000])
@pytest.mark.parametrize(("condition", "holds"), FILTERS[:4], ids=[json.dumps(one) for one, _ in FILTERS[:4]])
def test_the_values_of_fields_are_counted(listed: Listed, condition: Metadata, holds: Any, limit: int) -> None:
    fields = ["year", "by", "draft", "tags", "odd", "missing"]
    every = [dict(one["metadata"]) for one in listed.documents.values()]
    documents = [metadata for metadata in every if holds(metadata)]
    body = {"fields": fields, "filter": condition, "limit": limit}
    answer = listed.client.post(f"{listed.path}/index/facets", json=body)
    assert answer.status_code == 200, answer.text
    facets = answer.json()["facets"]
    assert json.dumps(facets) == json.dumps({field: facet_of(documents, field, limit) for field in fields})


@pytest.mark.parametrize(
    "body",
    [{}, {"fields": []}, {"fields": [""]}, {"fields": ["a"], "limit": 0}, {"fields": ["a"] * 17}, {"fields": "a"}],
)
def test_what_cannot_be_counted_is_told(listed: Listed, body: Metadata) -> None:
    assert listed.client.post(f"{listed.path}/index/facets", json=body).status_code == 400


@pytest.mark.parametrize("name", ["count", "facets", "projection"])
def test_a_document_may_be_called_like_a_route(listed: Listed, name: str) -> None:
    assert listed.client.post(f"{listed.path}/index", json={"id": name, "text": "a"}).status_code == 200
    assert listed.client.get(f"{listed.path}/index/{name}").json()["id"] == name
    assert listed.client.delete(f"{listed.path}/index/{name}").status_code == 200
