"""How the rows of a server come about, with a client that answers by itself."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from bench.artifacts import Rows
from bench.errors import BenchError
from bench.figures.retrieval import OWN, PASSAGES, SERVED, WHOLE, served_row
from bench.retrieval.collections import JudgedCollection
from bench.retrieval.served import ask_server

DATA = JudgedCollection(
    name="pets",
    document_ids=["cat", "dog"],
    documents=["a cat", "a dog"],
    queries=["dogs", "cats"],
    judgments=[{"dog": 1}, {"cat": 1}],
    documents_left_out=0,
    queries_left_out=0,
)


class FakeClient:
    """Finds by vector what the query names, and else everything in the order of the corpus."""

    def __init__(self, *, fails: bool = False) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.searches: list[Mapping[str, Any]] = []
        self._fails = fails

    async def create(self, name: str, settings: Mapping[str, Any]) -> None:
        self.calls.append(("create", dict(settings)))

    async def ingest(self, name: str, ids: Sequence[str], texts: Sequence[str]) -> float:
        self.calls.append(("ingest", list(ids)))
        return 0.5

    async def wait_until_ready(self, name: str) -> None:
        self.calls.append(("wait", None))

    async def wait_until_settled(self, name: str, searches: Sequence[Mapping[str, Any]]) -> None:
        self.calls.append(("settle", [one["mode"] for one in searches]))

    async def search(self, name: str, search: Mapping[str, Any]) -> tuple[list[str], float]:
        if self._fails:
            message = "refused"
            raise BenchError(message)
        self.searches.append(search)
        return ([search["query"][:3]] if search["mode"] == "vector" else ["cat", "dog"]), 2.0

    async def vectors(self, name: str, ids: Sequence[str]) -> Rows:
        return np.eye(2, dtype=np.float32)

    async def embed(self, texts: Sequence[str], prompt: str | None) -> Rows:
        self.calls.append(("embed", prompt))
        return np.array([[0.1, 0.9], [0.9, 0.1]], np.float32)

    async def drop(self, name: str) -> None:
        self.calls.append(("drop", None))


def test_every_mode_is_asked_of_whole_documents_and_of_passages_without_a_threshold() -> None:
    client = FakeClient()
    served = asyncio.run(ask_server(client, DATA, "query"))
    assert [what for name, what in client.calls if name == "create"] == [{"passages": False}, {}]
    assert [name for name, _ in client.calls] == [
        *("create", "ingest", "wait", "settle", "embed", "drop"),
        *("create", "ingest", "wait", "settle", "drop"),
    ]
    assert ("embed", "query") in client.calls
    assert ("settle", ["text", "text"]) in client.calls
    assert all((one["top_k"], one["threshold"]) == (100, -1) for one in client.searches)
    assert served.rankings.keys() == {OWN, *SERVED}
    assert served.rankings[served_row("vector")] == [["dog"], ["cat"]]
    assert served.rankings[served_row("text", PASSAGES)] == [["cat", "dog"]] * 2
    assert served.rankings[OWN] == [["dog", "cat"], ["cat", "dog"]]
    assert served.documents_per_s == {WHOLE: 4.0, PASSAGES: 4.0}
    assert {time.p99 for time in served.search_ms.values()} == {2.0}


def test_a_collection_is_dropped_where_a_search_is_refused() -> None:
    client = FakeClient(fails=True)
    with pytest.raises(BenchError, match="refused"):
        asyncio.run(ask_server(client, DATA, None))
    assert client.calls[-1] == ("drop", None)
