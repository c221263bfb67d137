"""What a server finds: every mode in a collection of whole documents and in one of passages, both made for this."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import msgspec
import numpy as np

from bench.artifacts import Rows
from bench.figures.retrieval import KINDS, MODES, OWN, PASSAGES, TEXT, TOP_K, WHOLE, Latency, served_row
from bench.progress import open_bar
from bench.retrieval.collections import JudgedCollection
from bench.retrieval.exact import name_orders, nearest

# The settings that a collection of each kind is made with; passages are what vecd makes by itself.
SETTINGS: Mapping[str, Mapping[str, Any]] = {WHOLE: {"passages": False}, PASSAGES: {}}
NO_THRESHOLD = -1.0
WARM_SEARCHES, PROBES = 20, 5


class Collections(Protocol):
    """What is asked of a server, as bench.retrieval.client.Client asks it."""

    async def create(self, name: str, settings: Mapping[str, Any]) -> None: ...
    async def drop(self, name: str) -> None: ...
    async def ingest(self, name: str, ids: Sequence[str], texts: Sequence[str]) -> float: ...
    async def wait_until_ready(self, name: str) -> None: ...
    async def wait_until_settled(self, name: str, searches: Sequence[Mapping[str, Any]]) -> None: ...
    async def search(self, name: str, search: Mapping[str, Any]) -> tuple[list[str], float]: ...
    async def vectors(self, name: str, ids: Sequence[str]) -> Rows: ...
    async def embed(self, texts: Sequence[str], prompt: str | None) -> Rows: ...


class Served(msgspec.Struct):
    """By row, the ids of each query's documents, best first, and how long the searches took.

    `documents_per_s` says by kind of collection how fast documents became durable.
    """

    rankings: dict[str, list[list[str]]] = {}
    search_ms: dict[str, Latency] = {}
    documents_per_s: dict[str, float] = {}


async def ask_server(client: Collections, data: JudgedCollection, query_prompt: str | None) -> Served:
    """Ask every query in every mode and kind of collection, one at a time.

    Raises:
        BenchError: the server refuses something, or is not ready in time.
        OSError: the connection broke.
    """
    served = Served()
    with open_bar(data.name, len(KINDS) * len(MODES) * len(data.queries), "searches") as bar:
        for kind in KINDS:
            async with _filled(client, data, kind, served) as name:
                for mode in MODES:
                    await _search(client, name, data, served_row(mode, kind), mode, served)
                    bar.update(len(data.queries))
                if kind == WHOLE:
                    rows, asked = (
                        await client.vectors(name, data.document_ids),
                        await client.embed(data.queries, query_prompt),
                    )
                    served.rankings[OWN] = name_orders(nearest(asked, rows, TOP_K), data.document_ids)
    return served


@asynccontextmanager
async def _filled(client: Collections, data: JudgedCollection, kind: str, served: Served) -> AsyncIterator[str]:
    """Hold a collection of the documents, under a name that nobody has, until the block ends."""
    name = f"bench-{secrets.token_hex(8)}"
    await client.create(name, SETTINGS[kind])
    try:
        taken_s = await client.ingest(name, data.document_ids, data.documents)
        served.documents_per_s[kind] = len(data.documents) / taken_s
        await client.wait_until_ready(name)
        await client.wait_until_settled(name, make_searches(data.queries[:PROBES], TEXT))
        yield name
    finally:
        await client.drop(name)


def make_searches(queries: Sequence[str], mode: str) -> list[dict[str, Any]]:
    return [{"query": query, "mode": mode, "top_k": TOP_K, "threshold": NO_THRESHOLD} for query in queries]


async def _search(client: Collections, name: str, data: JudgedCollection, row: str, mode: str, served: Served) -> None:
    searches = make_searches(data.queries, mode)
    for search in searches[:WARM_SEARCHES]:
        await client.search(name, search)
    answers = [await client.search(name, search) for search in searches]
    p50, p99 = np.percentile([taken_ms for _, taken_ms in answers], [50, 99]).tolist()
    served.rankings[row] = [ids for ids, _ in answers]
    served.search_ms[row] = Latency(p50, p99)
