"""What is stored is told to keys with the scope search alone: whatever a route that changes something answers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.routes import ROUTES
from server.web.operations import KEY
from tests.server.daemon import Daemon, make_key, serving

NAME = "/collections/kept"
TEXT, FIELD = "the text that was stored", "the field that was stored"
SETTINGS = {"language": "german", "threshold": 0.375}
# Every route that writes: method, path below the collection, body, and what a key without search is told.
CHANGING: list[tuple[str, str, Any, Any]] = [
    ("PATCH", "/index/{id:str}", {"metadata": {"new": 1}}, {"patched": "a"}),
    ("PUT", "", {}, {"put": "kept"}),
    ("POST", "/index", {"id": "b", "text": "mine"}, {"indexed": "b"}),
    ("POST", "/index/batch", {"documents": [{"id": "b", "text": "mine"}]}, {"indexed": 1}),
    ("POST", "/index/delete", {"ids": ["nothing"]}, {"deleted": 0}),
    ("DELETE", "/index/{id:str}", None, {"deleted": "a"}),
    ("DELETE", "/index", None, {"deleted": "a"}),
]


@pytest.fixture(scope="module")
def served(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("scopes")
    file = folder / "keys.json"
    keys = {scopes: make_key(file, scopes) for scopes in ("write", "search,write", "admin")}
    with serving(tiny_models, folder, VECD_KEYS=str(file)) as daemon:
        yield daemon, keys


@pytest.fixture
def owner(served: tuple[Daemon, dict[str, str]]) -> Iterator[httpx.Client]:
    daemon, keys = served
    with daemon.client(keys["search,write"]) as client:
        assert client.put(NAME, json=SETTINGS).status_code == 200
        body = {"id": "a", "text": TEXT, "metadata": {"field": FIELD}}
        assert client.post(f"{NAME}/index", json=body).status_code == 200
        yield client


def changed(client: httpx.Client, method: str, path: str, body: Any) -> httpx.Response:
    target = f"{NAME}{path}".replace("{id:str}", "a")
    return client.request(method, target + "?id=a" * (method == "DELETE" and path == "/index"), json=body)


@pytest.mark.parametrize("route", CHANGING, ids=lambda route: f"{route[0]} {route[1]}")
def test_a_key_that_may_only_write_is_told_nothing_of_what_is_stored(
    served: tuple[Daemon, dict[str, str]], owner: httpx.Client, route: tuple[str, str, Any, Any]
) -> None:
    daemon, keys = served
    method, path, body, told = route
    with daemon.client(keys["write"]) as client:
        answer = changed(client, method, path, body)
    assert (answer.status_code, answer.json()) == (200, told)
    for secret in (TEXT, FIELD, json.dumps(SETTINGS["language"]), "0.375"):
        assert secret not in answer.text


def test_a_key_that_may_search_as_well_is_told_what_it_may_read(owner: httpx.Client) -> None:
    document = changed(owner, "PATCH", "/index/{id:str}", {"metadata": {"new": 1}}).json()
    assert (document["text"], document["metadata"]) == (TEXT, {"field": FIELD, "new": 1})
    state = changed(owner, "PUT", "", {}).json()
    assert (state["language"], state["threshold"]) == ("german", 0.375)


def test_every_route_with_the_scope_write_is_here() -> None:
    found = {
        (method, path.removeprefix("/collections/{name:str}"))
        for handler in ROUTES
        if handler.opt[KEY].scope == "write"
        for path in handler.paths
        if path.startswith("/collections/")
        for method in handler.http_methods
    }
    assert found == {(method, path) for method, path, _, _ in CHANGING}
