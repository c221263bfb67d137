"""A client that behaves: it embeds, writes, reads and searches a little, one request at a time, with pauses between."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from bench.traffic.connection import Pool, Reply
from bench.traffic.messages import encode_message

KINDS = ("embed", "write", "read", "search")
PAUSE_S = 0.002
# Who waits for longer has given up.
PATIENCE_S = 60.0
DOCUMENT = "polite"


class Times(msgspec.Struct):
    """Milliseconds of each request by its kind; refusals by status, and how often no answer came."""

    ms: dict[str, list[float]] = msgspec.field(default_factory=lambda: {kind: [] for kind in KINDS})
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    dropped: int = 0


class Polite:
    """The client of one pool; with `fresh`, each request has a connection of its own."""

    def __init__(self, pool: Pool, headers: Mapping[str, str], *, fresh: bool = False) -> None:
        self._pool = pool
        self._headers = headers
        self._fresh = fresh
        self._numbers = itertools.count()

    async def ask_for(self, seconds: float, times: Times) -> None:
        """Ask for so long, once each at least; what was asked is waited for."""
        end = time.perf_counter() + seconds
        for kind, request in self._requests():
            await self._ask(kind, request, times)
            if kind == KINDS[-1] and time.perf_counter() >= end:
                return
            await asyncio.sleep(PAUSE_S)

    async def _ask(self, kind: str, request: bytes, times: Times) -> None:
        start = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_S):
                reply: Reply = await self._pool.send(request)
        except (OSError, TimeoutError):
            times.dropped += 1
            return
        if reply.status == 200:
            times.ms[kind].append(1e3 * (time.perf_counter() - start))
        else:
            times.refused[str(reply.status)] += 1

    def _requests(self) -> Iterator[tuple[str, bytes]]:
        headers = {**self._headers, "Connection": "close"} if self._fresh else self._headers
        for number in self._numbers:
            text = f"who counted the crates of barley on the quay this morning, number {number}?"
            yield "embed", _post("/embed", {"texts": [text]}, headers)
            yield "write", _post("/index", {"id": DOCUMENT, "text": text}, headers)
            yield "read", encode_message("GET", f"/index/{DOCUMENT}", headers=headers)
            yield "search", _post("/search", {"query": text}, headers)


def _post(path: str, body: object, headers: Mapping[str, str]) -> bytes:
    return encode_message("POST", path, msgspec.json.encode(body), headers=headers)
