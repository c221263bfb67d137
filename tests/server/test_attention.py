"""A folder that was written under one attention opens under another: told, searched, reused by none, reindexed."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from models import KernelsMissing, kernels_library
from tests.running import RunningServer, start_server
from tests.tiny import TINY

pytestmark = pytest.mark.e2e

DOCUMENTS = [{"id": f"d{i}", "text": f"text {i} about a"} for i in range(5)]


@pytest.fixture
def flags(tiny_models: Path, tmp_path: Path) -> tuple[str, ...]:
    library = kernels_library()
    if isinstance(library, KernelsMissing):
        pytest.skip(library.reason)
    return ("--models", str(tiny_models), "--model", TINY, "--data", str(tmp_path / "data"), "--cache-bytes", "0")


def told(server: RunningServer) -> list[str]:
    return [line for line in server.lines if line.startswith("vectors ")]


def computed(client: httpx.Client, documents: list[dict[str, str]]) -> bool:
    """Put documents; tell whether a run was needed for any of them."""

    def tokens() -> float:
        lines = client.get("/metrics").text.splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith("vecd_computed_tokens_total"))

    before = tokens()
    assert client.post("/index/batch", json={"documents": documents}).is_success
    return tokens() > before


def reindexed(client: httpx.Client) -> Any:
    """Reindex the default collection and return its state when that is done."""
    assert client.post("/collections/default/reindex").is_success
    deadline = time.monotonic() + 60
    while (state := client.get("/collections/default").json())["state"] == "reindexing":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return state


def test_it_is_told_and_mended_and_nothing_is_mixed(flags: tuple[str, ...]) -> None:
    with start_server(*flags, "--attention", "bf16") as server, server.client() as client:
        assert ", attention in bf16" in server.lines[1]
        assert told(server) == []
        assert client.get("/stats").json()["attention"] == "bf16"
        assert 'attention="bf16"' in client.get("/metrics").text
        assert computed(client, DOCUMENTS)
        assert not computed(client, DOCUMENTS)
    with start_server(*flags, VECD_ATTENTION="f32") as server, server.client() as client:
        assert client.get("/stats").json()["attention"] == "f32"
        (line,) = told(server)
        assert "default: 5 vectors with attention in bf16, here it is f32" in line
        state = client.get("/collections/default").json()
        assert (state["state"], state["documents"]) == ("ready", 5)
        assert len(client.post("/search", json={"query": "about", "threshold": -1}).json()) == 5
        assert computed(client, DOCUMENTS[:2])
        assert not computed(client, DOCUMENTS[:2])
    with start_server(*flags, "--attention", "f32") as server, server.client() as client:
        assert "default: 3 vectors with attention in bf16" in told(server)[0]
        assert reindexed(client)["documents"] == 5
        assert not computed(client, DOCUMENTS)
    with start_server(*flags, "--attention", "f32") as server:
        assert told(server) == []


def test_two_starts_choose_the_same(flags: tuple[str, ...]) -> None:
    found = []
    for _ in range(2):
        with start_server(*flags) as server, server.client() as client:
            row = client.post("/embed", json={"texts": ["a b c " * 20]}).json()["embeddings"][0]
            found.append((client.get("/stats").json()["attention"], row))
    assert found[0] == found[1]
