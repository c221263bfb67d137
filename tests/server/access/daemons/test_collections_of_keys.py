"""Two customers with a daemon: each reaches its own collections, and is told of no others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.server.daemon import Daemon, key_command, make_key, serving

OTHERS = ("b-one", "default", "secret")
# The routes of a collection: method, the rest of the path, body.
ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("PUT", "", {}),
    ("DELETE", "", None),
    ("POST", "/reindex", None),
    ("POST", "/index", {"id": "x", "text": "a text"}),
    ("GET", "/index", None),
    ("GET", "/index/x", None),
    ("PATCH", "/index/x", {"metadata": {}}),
    ("DELETE", "/index/x", None),
    ("DELETE", "/index?id=x", None),
    ("POST", "/index/batch", {"documents": []}),
    ("POST", "/index/delete", {"ids": ["x"]}),
    ("POST", "/index/projection", {}),
    ("POST", "/search", {"query": "a text"}),
    ("POST", "/search/batch", {"searches": [{"query": "a text"}]}),
]


class Served(msgspec.Struct, frozen=True):
    """A daemon, the key of one customer with every scope, and one that reaches everything."""

    daemon: Daemon
    mine: str
    all: str


@pytest.fixture(scope="module")
def served(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("customers")
    file = folder / "keys.json"
    scopes = "embed,search,write,admin"
    mine = key_command(file, "add", "a", "--scopes", scopes, "--collections", "a,a-*").stdout.strip()
    everything = make_key(file, scopes)
    with serving(tiny_models, folder, VECD_KEYS=str(file), VECD_DATA=str(folder / "data")) as daemon:
        with daemon.client(everything) as client:
            for name in ("a-one", *OTHERS[:1], "secret"):
                assert client.put(f"/collections/{name}").status_code == 200
            for name in ("a-one", *OTHERS):
                for number in range(1 if name == "a-one" else 10):
                    body = {"id": f"{number}", "text": f"a text of {name}"}
                    assert client.post(f"/collections/{name}/index", json=body).status_code == 200
        yield Served(daemon, mine, everything)


@pytest.fixture
def mine(served: Served) -> Iterator[httpx.Client]:
    with served.daemon.client(served.mine) as client:
        yield client


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route[0]} {route[1]}")
def test_another_s_collection_is_refused_alike_whether_there_is_one_or_not(
    served: Served, mine: httpx.Client, route: tuple[str, str, Any]
) -> None:
    method, rest, body = route
    told = set()
    for name in (*OTHERS, "nowhere", "b", "A"):
        answer = mine.request(method, f"/collections/{name}{rest}", json=body)
        assert answer.status_code == 403, answer.text
        told.add(answer.json()["detail"])
    assert told == {"this key reaches the collections a, a-* only"}
    with served.daemon.client(served.all) as client:
        found = {one["name"]: one["documents"] for one in client.get("/collections").json()["collections"]}
    assert {name: found[name] for name in OTHERS} == dict.fromkeys(OTHERS, 10)


@pytest.mark.parametrize("route", [one for one in ROUTES if one[1].startswith(("/index", "/search"))])
def test_the_default_collection_is_refused_where_it_is_not_named(
    mine: httpx.Client, route: tuple[str, str, Any]
) -> None:
    method, path, body = route
    assert mine.request(method, path, json=body).status_code == 403


@pytest.mark.parametrize("path", ["/collections/a-one%2F..%2Fsecret", "/collections/%73ecret", "/collections//secret"])
def test_no_way_to_write_it_reaches_another_s_collection(mine: httpx.Client, path: str) -> None:
    for rest in ("", "/index"):
        assert mine.get(path + rest).status_code in {403, 404, 422}
        assert "a text of" not in mine.get(path + rest).text


def test_own_collections_are_made_used_and_dropped(mine: httpx.Client) -> None:
    for name in ("a", "a-two"):
        assert mine.put(f"/collections/{name}").status_code == 200
        body = {"id": "x", "text": "a text"}
        assert mine.post(f"/collections/{name}/index", json=body).status_code == 200
        assert mine.post(f"/collections/{name}/search", json={"query": "a text"}).json()[0]["id"] == "x"
        assert mine.delete(f"/collections/{name}").json() == {"deleted": name}
        assert mine.get(f"/collections/{name}").status_code == 404


def test_lists_and_metrics_name_own_collections_alone(served: Served, mine: httpx.Client) -> None:
    assert [one["name"] for one in mine.get("/collections").json()["collections"]] == ["a-one"]
    for path in ("/metrics", "/tei/metrics"):
        shown = mine.get(path).text
        assert 'vecd_index_documents{collection="a-one"} 1.0' in shown
        assert not [name for name in OTHERS if f'"{name}"' in shown]
    assert mine.get("/stats").json()["index"]["documents"] == 1
    assert mine.get("/stats").json()["index"]["collections"] == 1
    with served.daemon.client(served.all) as client:
        assert len(client.get("/collections").json()["collections"]) == 4
        assert all(f'collection="{name}"' in client.get("/metrics").text for name in ("a-one", *OTHERS))
        assert client.get("/stats").json()["index"]["documents"] == 31


def test_what_is_about_no_collection_is_served_as_to_others(mine: httpx.Client) -> None:
    assert mine.post("/embed", json={"texts": ["a text"]}).status_code == 200
    assert mine.get("/v1/models").status_code == 200
