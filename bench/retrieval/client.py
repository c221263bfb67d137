"""vecd's collections over HTTP, as measuring retrieval needs them: made, filled, searched, read back, dropped."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
import numpy as np

from bench.artifacts import Rows
from bench.errors import BenchError
from bench.traffic.checks import check_reply
from bench.traffic.connection import Pool, Reply
from bench.traffic.messages import FLOATS, JSON, NDJSON, encode_message
from bench.traffic.reply_rows import read_floats
from bench.traffic.target import HOST, Running

READY_TIMEOUT_S, PAUSE_S = 300.0, 0.2
QUIET_S = 3.0  # the index of words follows within about a second
TEXTS_PER_REQUEST, DOCUMENTS_PER_PAGE = 64, 250


class Hit(msgspec.Struct, frozen=True):
    """What counts of a hit."""

    id: str


class Stored(msgspec.Struct, frozen=True):
    id: str
    vector: list[float]


class Page(msgspec.Struct, frozen=True):
    documents: list[Stored]
    next: str | None


class Client:
    """One connection to a server; every method raises BenchError where the server refuses."""

    def __init__(self, server: Running) -> None:
        self._pool, self._headers = Pool(HOST, server.port), server.spec.headers

    def close(self) -> None:
        self._pool.close()

    async def create(self, name: str, settings: Mapping[str, Any]) -> None:
        await self._ask("PUT", f"/collections/{name}", msgspec.json.encode(settings))

    async def drop(self, name: str) -> None:
        await self._ask("DELETE", f"/collections/{name}")

    async def ingest(self, name: str, ids: Sequence[str], texts: Sequence[str]) -> float:
        """Store the documents as one stream of NDJSON; return the seconds to the acknowledgement of the last."""
        documents = [{"id": id_, "text": text} for id_, text in zip(ids, texts, strict=True)]
        lines = b"\n".join(map(msgspec.json.encode, documents))
        start_s = time.perf_counter()
        await self._ask("POST", f"/collections/{name}/index/batch", lines, NDJSON)
        return time.perf_counter() - start_s

    async def wait_until_ready(self, name: str) -> None:
        """Wait until searches use the graph for every document."""
        end_s = time.perf_counter() + READY_TIMEOUT_S
        while time.perf_counter() < end_s:
            state = msgspec.json.decode((await self._ask("GET", f"/collections/{name}")).body)["state"]
            if state == "ready":
                return
            await asyncio.sleep(PAUSE_S)  # a foreign process has no event to wait for
        message = f"the collection {name} is not ready after {READY_TIMEOUT_S:g} s: it is {state}"
        raise BenchError(message)

    async def wait_until_settled(self, name: str, searches: Sequence[Mapping[str, Any]]) -> None:
        """Wait until the answers to these searches have stayed the same for QUIET_S.

        The index of words takes its documents in a while after they are durable. Until then a document's score is
        another, and no route says when that ends.
        """
        end_s = time.perf_counter() + READY_TIMEOUT_S
        before, since_s = None, 0.0
        while (now_s := time.perf_counter()) < end_s:
            answers = [(await self._search(name, search)).body for search in searches]
            if answers != before:
                before, since_s = answers, now_s
            elif now_s - since_s >= QUIET_S:
                return
            await asyncio.sleep(PAUSE_S)
        message = f"searches of the collection {name} still change their answers after {READY_TIMEOUT_S:g} s"
        raise BenchError(message)

    async def search(self, name: str, search: Mapping[str, Any]) -> tuple[list[str], float]:
        """Return the ids of the hits, best first, and the milliseconds from the request to the whole reply."""
        start_s = time.perf_counter()
        reply = await self._search(name, search)
        taken_ms = 1000 * (time.perf_counter() - start_s)
        return [hit.id for hit in msgspec.json.decode(reply.body, type=list[Hit])], taken_ms

    async def _search(self, name: str, search: Mapping[str, Any]) -> Reply:
        return await self._ask("POST", f"/collections/{name}/search", msgspec.json.encode(search))

    async def vectors(self, name: str, ids: Sequence[str]) -> Rows:
        """Return the vectors that are stored of the documents (documents, ndim)."""
        found: dict[str, list[float]] = {}
        after: str | None = ""
        while after is not None:
            query = f"limit={DOCUMENTS_PER_PAGE}&include_vector=true&after={quote(after, safe='')}"
            reply = await self._ask("GET", f"/collections/{name}/index?{query}")
            page = msgspec.json.decode(reply.body, type=Page)
            found |= {one.id: one.vector for one in page.documents}
            after = page.next
        return np.array([found[id_] for id_ in ids], np.float32)

    async def embed(self, texts: Sequence[str], prompt: str | None) -> Rows:
        """Return the embeddings (texts, ndim), each text after the prompt of this name."""
        prompted = {} if prompt is None else {"prompt": prompt}
        parts: list[list[float]] = []
        for part in _split(texts):
            body = msgspec.json.encode({"texts": part, **prompted})
            parts += read_floats(await self._ask("POST", "/embed/batch", body, headers={"Accept": FLOATS}))
        return np.array(parts, np.float32)

    async def _ask(
        self, method: str, path: str, body: bytes = b"", kind: str = JSON, headers: Mapping[str, str] | None = None
    ) -> Reply:
        request = encode_message(method, path, body, kind, {**self._headers, **(headers or {})})
        return check_reply(await self._pool.send(request))


def _split(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), TEXTS_PER_REQUEST):
        yield texts[start : start + TEXTS_PER_REQUEST]
