"""A collection of another model's vectors: what goes on, what is refused, and how it is brought over meanwhile."""

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
import pytest

from index import Document, Index
from server.contract.embedding import Demand
from server.contract.errors import InferenceError
from server.documents.library import Library
from server.documents.reindexing import Reindexing
from tests.running import start_server
from tests.server.documents.cutters import cuttings
from tests.server.polling import until
from tests.tiny import HIDDEN, TINY

DOCUMENTS = 900
PATIENCE_S = 30


def text_of(number: int) -> str:
    return f"a text, number {number}"


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder whose default collection another model, of more dimensions, computed."""
    random = np.random.default_rng(1)
    index = Index(tmp_path / "data", "another model", HIDDEN * 2)
    rows = random.standard_normal((DOCUMENTS, HIDDEN * 2)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    index.collection().put_many(
        [Document(f"d{number}", text_of(number), {"n": number}, row) for number, row in enumerate(rows)]
    ).result()
    index.close()
    return tmp_path / "data"


def flags(models: Path, data: Path) -> tuple[str, ...]:
    return ("--models", str(models), "--model", TINY, "--data", str(data), "--cores", "1")


def state(client: httpx.Client, name: str = "default") -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/collections/{name}").json()
    return found


def check_foreign(client: httpx.Client, documents: int) -> None:
    told = state(client)
    assert (told["state"], told["documents"], told["fingerprint"]) == ("foreign", documents, "another model")
    document = {"id": "new", "text": "new"}
    for answer in (
        client.post("/index", json=document),
        client.post("/index/batch", json={"documents": [document]}),
        client.post("/index/batch", content=b"", headers={"content-type": "application/x-ndjson"}),
        client.post("/search", json={"query": "a"}),
        client.post("/search", json={"query": "a", "mode": "hybrid"}),
        client.post("/search", json={"like": "d1"}),
        client.post("/index/projection"),
        client.patch("/index/d1", json={"metadata": {"a": 1}}),
    ):
        assert answer.status_code == 409, answer.text
        assert "reindex" in answer.json()["detail"]
    assert client.get("/index/d1").json() == {"id": "d1", "text": text_of(1), "metadata": {"n": 1}}
    assert len(client.get("/index/d1?include_vector=true").json()["vector"]) == HIDDEN * 2
    assert len(client.get("/index?limit=1000").json()["documents"]) == documents
    found = client.post("/search", json={"query": "number 7", "mode": "text", "filter": {"n": {"$lt": 8}}}).json()
    assert found[0]["id"] == "d7"
    assert client.get("/health/ready").status_code == 200


def check_own(client: httpx.Client, documents: int) -> None:
    told = state(client)
    assert (told["documents"], told["reindex"]) == (documents, None)
    (expected,) = client.post("/embed", json={"texts": [text_of(7)], "cache": False}).json()["embeddings"]
    assert client.get("/index/d7?include_vector=true").json()["vector"] == expected
    (best,) = client.post("/search", json={"vector": expected, "top_k": 1}).json()
    assert (best["id"], best["score"]) == ("d7", pytest.approx(1, abs=1e-5))
    assert client.post("/index", json={"id": "new", "text": "new"}).status_code == 200


@pytest.mark.e2e
def test_a_foreign_collection_reads_and_is_brought_over(tiny_models: Path, foreign: Path) -> None:
    with start_server(*flags(tiny_models, foreign)) as server, server.client() as client:
        check_foreign(client, DOCUMENTS)
        assert client.delete("/index/d0").status_code == 200
        own = client.put("/collections/own", json={}).json()
        assert own["state"] == "ready"
        assert client.post("/collections/own/index", json={"id": "a", "text": "a"}).status_code == 200
        started = client.post("/collections/default/reindex")
        assert started.status_code == 202
        assert started.json()["state"] == "reindexing"
        assert client.post("/collections/default/reindex").status_code == 202
        until(lambda: state(client)["state"] != "reindexing")
        assert own["fingerprint"] == state(client)["fingerprint"]
        check_own(client, DOCUMENTS - 1)
        assert client.get("/stats").json()["index"]["documents"] == DOCUMENTS + 1


@pytest.fixture
def slow_foreign(tiny_models: Path, foreign: Path) -> tuple[str, ...]:
    """Flags of a daemon that takes its time over the foreign folder: a document at once."""
    return (*flags(tiny_models, foreign), "--max-client-batch-size", "1")


@pytest.mark.e2e
def test_cut_off_it_goes_on_where_it_was(tiny_models: Path, foreign: Path, slow_foreign: tuple[str, ...]) -> None:
    with start_server(*slow_foreign) as server, server.client() as client:
        assert client.post("/collections/default/reindex").status_code == 202
        until(lambda: state(client)["reindex"]["done"] > 10)
        assert server.terminate() == 0
    with start_server(*flags(tiny_models, foreign)) as server, server.client() as client:
        check_foreign(client, DOCUMENTS)
        resumed = client.post("/collections/default/reindex").json()
        assert resumed["state"] in {"reindexing", "ready"}
        until(lambda: state(client)["state"] != "reindexing")
        check_own(client, DOCUMENTS)


@pytest.mark.e2e
def test_what_is_written_meanwhile_is_there_at_the_end(slow_foreign: tuple[str, ...]) -> None:
    with start_server(*slow_foreign) as server, server.client() as client:
        client.post("/collections/default/reindex")
        deleted = [f"d{number}" for number in (1, 150, DOCUMENTS - 1)]
        for id_ in deleted:
            assert client.delete(f"/index/{id_}").status_code == 200
        assert state(client)["state"] == "reindexing"
        until(lambda: state(client)["state"] != "reindexing")
        client.post("/collections/default/reindex")  # of its own model: only those that another variant computed
        for number in range(5):
            assert client.post("/index", json={"id": f"new{number}", "text": f"new {number}"}).status_code == 200
        until(lambda: state(client)["state"] != "reindexing")
        listed = client.get("/index?limit=1000&include_vector=true").json()["documents"]
        ids = {one["id"] for one in listed}
        assert ids == {f"d{n}" for n in range(DOCUMENTS)} - set(deleted) | {f"new{n}" for n in range(5)}
        assert {len(one["vector"]) for one in listed} == {HIDDEN}


@pytest.mark.e2e
def test_a_collection_may_be_dropped_in_its_midst(slow_foreign: tuple[str, ...]) -> None:
    with start_server(*slow_foreign) as server, server.client() as client:
        client.post("/collections/default/reindex")
        until(lambda: state(client)["reindex"]["done"] > 2)
        assert client.delete("/collections/default").json() == {"deleted": "default"}
        told = state(client)
        assert (told["state"], told["documents"], told["reindex"]) == ("ready", 0, None)
        assert client.post("/index", json={"id": "a", "text": "a"}).status_code == 200
        assert client.post("/collections/default/reindex").status_code == 202
        until(lambda: state(client)["state"] == "ready")
        assert state(client)["reindex"] is None
        assert client.get("/health/ready").status_code == 200


@pytest.mark.e2e
def test_documents_that_no_request_could_bring_now_are_brought_over(tiny_models: Path, foreign: Path) -> None:
    with start_server(*flags(tiny_models, foreign), "--max-text-bytes", "17") as server, server.client() as client:
        assert client.post("/collections/default/reindex").status_code == 202
        until(lambda: state(client)["state"] == "ready")
        assert state(client)["reindex"] is None


class FakeEngine:
    """Waits for ever, or fails."""

    def __init__(self, error: str | None) -> None:
        self.error = error

    async def embed(self, texts: list[str], demand: Demand) -> Any:
        if self.error is not None:
            raise InferenceError(self.error)
        await asyncio.Event().wait()


class FakeEmbedder:
    """As much of one as reindexing asks for."""

    max_texts = 8

    def __init__(self, error: str | None = None) -> None:
        self.engine = FakeEngine(error)

    def prompted(self, texts: list[str], _: None) -> list[str]:
        return texts


@asynccontextmanager
async def reindexing_of(data: Path, error: str | None = None) -> AsyncIterator[tuple[Library, Reindexing]]:
    library = Library(Index(data, "model", HIDDEN), 2)
    reindexing = Reindexing(library, cast("Any", FakeEmbedder(error)), cuttings(), None)
    try:
        yield library, reindexing
    finally:
        await reindexing.stop()
        library.close()


def test_what_stops_it_is_told(foreign: Path) -> None:
    async def check() -> None:
        async with reindexing_of(foreign, "it failed") as (_, reindexing):
            reindexing.start("default")
            while (found := reindexing.task_of("default")) is None or found.running:
                await asyncio.sleep(0.01)
            assert found.failure is not None

    asyncio.run(check())


@pytest.mark.parametrize("error", [None, "it failed"])
def test_a_dropped_collection_is_not_kept_in_memory(
    foreign: Path, error: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL", "vecd")  # what is logged is kept for the test

    async def check() -> None:
        async with reindexing_of(foreign, error) as (library, reindexing):
            reindexing.start("default")
            await asyncio.sleep(0.3)
            kept = weakref.ref(library.collection("default"))
            await library.manage(library.index.drop, "default")
            reindexing.forget("default")
            await asyncio.sleep(0.05)
            assert reindexing.task_of("default") is None
            gc.collect()
            assert kept() is None

    asyncio.run(check())


def test_whole_collections_take_no_thread_from_those_who_read() -> None:
    async def check() -> None:
        library, held = Library(Index(None, "model", HIDDEN), 2), threading.Event()
        managed = [asyncio.create_task(library.manage(held.wait, PATIENCE_S)) for _ in range(4)]
        assert await asyncio.wait_for(library.run("", library.collection("default").count), PATIENCE_S) == 0
        held.set()
        assert await asyncio.gather(*managed) == [True] * 4
        library.close()

    asyncio.run(check())
