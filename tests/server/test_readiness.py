"""Readiness turns red when a thread of the index ends, and green by itself; what cannot be mended ends the process."""

import subprocess
from pathlib import Path
from unittest.mock import patch

import anyio
import httpx
import msgspec
import pytest

from index.mending import MENDS
from server.backend import LocalBackend
from tests.running import launch_module, started
from tests.server.application import run_check, tiny_settings
from tests.tiny import TINY

DOCUMENT = {"id": "a", "text": "a"}

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


async def ready(client: httpx.AsyncClient) -> None:
    with anyio.fail_after(60):
        while (await client.get("/health/ready")).status_code != 200:
            await anyio.sleep(0.01)


def test_a_thread_of_the_index_that_dies_is_seen(tiny_models: Path) -> None:
    """What is kept in memory alone cannot be opened anew."""

    async def check(client: httpx.AsyncClient, backend: LocalBackend) -> None:
        mender = backend.parts.library.index.mender
        memory = backend.parts.library.collection("default").memory
        assert (await client.post("/index", json=DOCUMENT)).status_code == 200
        assert (await client.get("/health/ready")).status_code == 200
        assert "vecd_index_well 1.0" in (await client.get("/metrics")).text
        with patch.object(memory, "applied", side_effect=RuntimeError("the secret inside")):
            assert (await client.post("/index", json=DOCUMENT)).status_code == 200  # it is committed
        red = await client.get("/health/ready")
        assert (red.status_code, red.headers["retry-after"]) == (503, "1")
        assert (await client.get("/health/live")).status_code == 200
        assert "vecd_index_well 0.0" in (await client.get("/metrics")).text
        assert (await client.get("/collections/default")).json()["state"] == "failed"
        assert (await client.post("/index", json=DOCUMENT)).status_code == 503
        with anyio.fail_after(60):
            while not mender.broken:
                await anyio.sleep(0.01)

    run_check(tiny_settings(tiny_models, insecure=True), check)


def test_readiness_comes_back_by_itself(tiny_models: Path, tmp_path: Path) -> None:
    async def check(client: httpx.AsyncClient, backend: LocalBackend) -> None:
        first = backend.parts.library.collection("default")
        assert (await client.post("/index", json=DOCUMENT)).status_code == 200
        with patch.object(first.memory, "applied", side_effect=RuntimeError("the secret inside")):
            assert (await client.post("/index", json={"id": "b", "text": "b"})).status_code == 200
        await ready(client)
        assert backend.parts.library.collection("default") is not first
        assert (await client.post("/index", json={"id": "c", "text": "c"})).status_code == 200
        for id_ in "abc":
            assert (await client.get(f"/index/{id_}")).json()["text"] == id_
        assert len((await client.post("/search", json={"query": "b", "threshold": -1})).json()) == 3
        assert "vecd_index_well 1.0" in (await client.get("/metrics")).text

    settings = msgspec.structs.replace(tiny_settings(tiny_models, insecure=True), data=tmp_path)
    run_check(settings, check)


def test_what_is_lacking_is_told_and_turns_nothing_red(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, backend: LocalBackend) -> None:
        assert (await client.get("/health/ready")).json() == {"status": "ready"}
        with patch("index.stats.EXACT_ROWS", -1):  # as if a graph lacked many rows
            answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()) == (200, {"status": "ready", "lacking": ["graph"]})
        assert (await client.post("/index", json=DOCUMENT)).status_code == 200
        collection = backend.parts.library.collection("default")
        assert collection.wait_until_viewed(60)
        assert collection.wait_for_words(60)
        state = (await client.get("/collections/default")).json()
        assert (state["state"], state["pending"], state["pending_words"]) == ("ready", 0, 0)
        collection.memory.pause()
        assert (await client.post("/index", json={"id": "b", "text": "b"})).status_code == 200
        state = (await client.get("/collections/default")).json()
        assert (state["state"], state["pending"]) == ("indexing", 1)

    run_check(tiny_settings(tiny_models, insecure=True), check)


@pytest.mark.e2e
def test_a_fault_that_recurs_ends_the_process_with_status_1(tiny_models: Path, tmp_path: Path) -> None:
    flags = ("--port", "0", "--models", str(tiny_models), "--model", TINY, "--data", str(tmp_path))
    with started(launch_module("tests.server.failing_index", flags, {}, subprocess.DEVNULL)) as server:
        with server.client() as client:
            for number in range(MENDS + 1):
                answer = client.post("/index", json={"id": str(number), "text": "any"})
                while answer.status_code == 503:  # it is being opened anew
                    answer = client.post("/index", json={"id": str(number), "text": "any"})
                assert answer.status_code == 200
        assert server.process.wait(60) == 1
