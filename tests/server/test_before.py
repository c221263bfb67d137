"""What an earlier vecd wrote is opened: an artifact, a data folder with two collections, a file of keys."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.running import start_server

pytestmark = pytest.mark.e2e

BEFORE = Path(__file__).with_name("before")
ANSWERS: dict[str, Any] = json.loads((BEFORE / "answers.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("before")
    shutil.copytree(BEFORE / "artifact", folder / "models" / "tiny")
    shutil.copytree(BEFORE / "documents", folder / "data")
    shutil.copy(BEFORE / "access.json", folder / "keys.json")
    flags = ("--models", str(folder / "models"), "--model", "tiny", "--keys", str(folder / "keys.json"))
    with start_server(*flags, "--data", str(folder / "data")) as server, server.client() as client:
        # Of operators that had other bytes: whatever their attention was, none of the present ones is claimed.
        assert [line for line in server.lines if line.startswith("vectors ")] == [
            f"vectors   {name} of another variant or version; they are searched all the same; "
            "python -m index reindex computes them anew"
            for name in ("default: 7 vectors", "notes: 1 vector")
        ]
        client.headers["authorization"] = f"Bearer {ANSWERS['key']}"
        yield client


def test_no_collection_has_turned_foreign(client: httpx.Client) -> None:
    found, before = client.get("/collections").json()["collections"], ANSWERS["collections"]["collections"]
    assert [one | then for one, then in zip(found, before, strict=True)] == found


def test_every_collection_has_the_usual_settings(client: httpx.Client) -> None:
    found = {one["name"]: one for one in client.get("/collections").json()["collections"]}
    assert {name: one["threshold"] for name, one in found.items()} == {"default": 0.5, "notes": None}
    assert all(one["language"] == "english" and one["passages"] for one in found.values())


def test_every_document_is_there_with_its_vector(client: httpx.Client) -> None:
    found = client.get("/index?include_vector=true").json()
    assert [one | {"vector": None} for one in found["documents"]] == [
        one | {"vector": None} for one in ANSWERS["documents"]["documents"]
    ]
    for one, before in zip(found["documents"], ANSWERS["documents"]["documents"], strict=True):
        assert np.array_equal(np.float32(one["vector"]), np.float32(before["vector"]))


def test_searches_by_meaning_and_by_words_find_the_same(client: httpx.Client) -> None:
    found = client.post("/search", json={"query": "text about b", "threshold": -1, "top_k": 3}).json()
    assert [hit["id"] for hit in found] == [hit["id"] for hit in ANSWERS["search"]]
    # Another processor may take another graph of the same model.
    assert [hit["score"] for hit in found] == pytest.approx([hit["score"] for hit in ANSWERS["search"]], abs=0.01)
    by_words = client.post("/search", json={"query": "about", "mode": "text"}).json()
    assert [hit | {"score": None} for hit in by_words] == [hit | {"score": None} for hit in ANSWERS["text"]]


def test_documents_go_on_being_written(client: httpx.Client) -> None:
    assert client.get("/collections/notes/index?id=a/b é").json()["text"] == "one note"
    assert client.post("/collections/notes/index", json={"id": "new", "text": "another note"}).status_code == 200
    assert client.get("/collections/notes").json()["documents"] == 2


def test_both_keys_open_what_they_did(client: httpx.Client) -> None:
    other = {"authorization": f"Bearer {ANSWERS['search_key']}"}
    assert client.post("/search", json={"query": "b"}, headers=other).status_code == 200
    assert client.post("/embed", json={"texts": ["b"]}, headers=other).status_code == 403
