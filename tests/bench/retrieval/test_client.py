"""A collection of the tiny model's server, from its making to its end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import numpy as np
import pytest

from bench.errors import BenchError
from bench.retrieval.client import DOCUMENTS_PER_PAGE, TEXTS_PER_REQUEST, Client
from bench.servers.running import at_url
from bench.traffic.target import ServerSpec
from tests.running import RunningServer

SPEC = ServerSpec(name="vecd", command=(), dialect="native", model="tiny")
TEXTS = {"a b/ü&after=z": "a dog in the rain", "?": "the cat sleeps", "z": "rain and rain again"}

Found = TypeVar("Found")


def asked(server: RunningServer, work: Callable[[Client], Awaitable[Found]]) -> Found:
    async def run() -> Found:
        client = Client(at_url(server.url, SPEC))
        try:
            return await work(client)
        finally:
            client.close()

    return asyncio.run(run())


def test_a_collection_is_made_filled_searched_read_and_dropped(tiny_server: RunningServer) -> None:
    async def work(client: Client) -> None:
        await client.create("retrieval-test", {})
        assert await client.ingest("retrieval-test", list(TEXTS), list(TEXTS.values())) > 0
        await client.wait_until_ready("retrieval-test")
        await client.wait_until_settled("retrieval-test", [{"query": "rain", "mode": "text"}])
        hits, taken_ms = await client.search(
            "retrieval-test", {"query": "rain", "mode": "text", "top_k": 100, "threshold": -1}
        )
        assert hits == ["z", "a b/ü&after=z"]
        assert taken_ms > 0
        stored = await client.vectors("retrieval-test", list(TEXTS))
        embedded = await client.embed(list(TEXTS.values()), None)
        assert np.allclose(stored, embedded, atol=1e-3)
        assert not np.allclose(await client.embed(list(TEXTS.values()), "query"), embedded, atol=1e-3)
        await client.drop("retrieval-test")
        with pytest.raises(BenchError, match="vecd answered 404"):
            await client.search("retrieval-test", {"query": "rain"})

    asked(tiny_server, work)


def test_vectors_of_many_pages_stand_in_the_order_that_was_asked_for(tiny_server: RunningServer) -> None:
    ids = [f"document {number}" for number in range(DOCUMENTS_PER_PAGE + 3)][::-1]
    texts = [f"text {number} of many" for number in range(len(ids))]
    assert len(ids) > TEXTS_PER_REQUEST

    async def work(client: Client) -> None:
        await client.create("retrieval-pages", {})
        await client.ingest("retrieval-pages", ids, texts)
        stored = await client.vectors("retrieval-pages", ids)
        await client.drop("retrieval-pages")
        assert np.allclose(stored, await client.embed(texts, None), atol=1e-3)

    asked(tiny_server, work)


def test_what_the_server_refuses_ends_the_run(tiny_server: RunningServer) -> None:
    async def work(client: Client) -> None:
        await client.create("retrieval-refused", {"no such setting": 1})

    with pytest.raises(BenchError, match="vecd answered 4"):
        asked(tiny_server, work)


@pytest.mark.parametrize("url", ["http://example.com:8000", "http://127.0.0.1", "127.0.0.1:8000"])
def test_a_server_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(BenchError, match=r"only servers on http://127.0.0.1:PORT"):
        at_url(url, SPEC)
