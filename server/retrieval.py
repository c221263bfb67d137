"""Searches in, hits out: queries are embedded through the cache, then the index searches on its threads."""

import asyncio
import threading
import time
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from index import Collection, Hit, Query, QueryError, VectorError, parse_filter
from server.bodies.search import MOST_HITS, SearchRequest
from server.embedding import Embedder, Options
from server.errors import InvalidInputError, UnknownDocumentError
from server.library import Library
from server.metrics import Metrics
from server.settings import Settings
from server.turn import turn
from server.work import Timing

PROMPTS = ("query",)
# Of one request's searches so many run at once.
SIDE_BY_SIDE = 2
# What a hit takes beside its text and metadata, about: 1,000 empty ones are no small answer either.
HIT_BYTES = 150

Row = NDArray[np.float32]
# A search, and the row of its query where that was embedded.
Asked = tuple[SearchRequest, Row | None]


class Found(msgspec.Struct, frozen=True):
    """The hits of each search, and where the time went."""

    hits: list[list[Hit]]
    timing: Timing
    truncated: list[bool]
    search_s: float


class Retrieval:
    """Searches collections."""

    def __init__(self, library: Library, embedder: Embedder, metrics: Metrics, settings: Settings) -> None:
        self._library = library
        self._embedder = embedder
        self._metrics = metrics
        self._max_bytes = settings.max_body_bytes
        self._timeout_s = settings.request_timeout_ms / 1e3
        self._most = settings.max_client_batch_size

    async def search(self, name: str, searches: Sequence[SearchRequest], options: Options) -> Found:
        """Do all searches, or none.

        Raises:
            InvalidInputError: too many searches, or one that has not one of query, vector and like.
            UnknownDocumentError: there is no document that others should be like.
            IndexRoomError: as the index.
            OverloadedError, UnavailableError: there is no place for it.
            DeadlineError: the caller's time passed before all were done.
            ServerError: as the embedder.
        """
        async with turn(self._embedder.engine, options.caller, self._timeout_s):
            return await self._search_all(name, searches, options)

    async def _search_all(self, name: str, searches: Sequence[SearchRequest], options: Options) -> Found:
        collection = self._library.collection(name)
        self._check(searches)
        if any(one.filter for one in searches):
            await self._library.run(check_filters, searches)
        queries = [one.query for one in searches if one.query is not None and one.mode != "text"]
        timing, truncated, rows = Timing(), list[bool](), iter(np.empty((0, 0), np.float32))
        if queries:
            collection.check_searchable()
            prompt = self._embedder.prompt_of(*PROMPTS)
            part = msgspec.structs.replace(options, counted=False, admitted=True, prompt=prompt)
            found = await self._embedder.embed(queries, part)
            timing, truncated, rows = found.timing, found.truncated, iter(found.rows)
        start_s = time.perf_counter()
        asked = [(one, next(rows) if one.query is not None and one.mode != "text" else None) for one in searches]
        hits = await self._search_each(collection, asked)
        return Found(hits, timing, truncated, time.perf_counter() - start_s)

    def _check(self, searches: Sequence[SearchRequest]) -> None:
        """Raise what is wrong with searches before anything is done for them."""
        if len(searches) > self._most:
            message = f"{len(searches)} searches, max_client_batch_size is {self._most}"
            raise InvalidInputError(message, "searches")
        self._embedder.prepare([one.query for one in searches if one.query is not None], None)
        for one in searches:
            check(one)

    async def _search_each(self, collection: Collection, asked: Sequence[Asked]) -> list[list[Hit]]:
        """Search for each, a few at a time: the searches of others go between those of a long batch."""
        found: list[list[Hit]] = [[] for _ in asked]
        left, rest = Left(self._max_bytes, several=len(asked) > 1), iter(enumerate(asked))

        async def drive() -> None:
            for number, one in rest:
                found[number] = await self._library.run(self._search, collection, one, left)

        drivers = [asyncio.create_task(drive()) for _ in range(min(len(asked), SIDE_BY_SIDE))]
        try:
            await asyncio.gather(*drivers)
        finally:  # one that failed leaves nobody behind who goes on for nothing
            for driver in drivers:
                driver.cancel()
        return found

    def _search(self, collection: Collection, pair: Asked, left: "Left") -> list[Hit]:
        start_s, (asked, row) = time.perf_counter(), pair
        if asked.like is not None:
            hits = self._like(collection, asked, left)
        else:
            vector = unit(asked.vector) if asked.vector is not None else row
            hits = collection.search(self._query(asked, asked.query, vector, left))
        left.take(hits)
        self._metrics.searched(asked.mode, time.perf_counter() - start_s)
        return hits

    def _like(self, collection: Collection, asked: SearchRequest, left: "Left") -> list[Hit]:
        """Return what is like a document, without itself."""
        assert asked.like is not None
        if asked.mode != "text":
            collection.check_searchable()
        document = collection.get(asked.like, include_vector=True)
        if document is None:
            message = f"there is no document {asked.like!r}"
            raise UnknownDocumentError(message, "like")
        # One more is asked for than is wanted, but no more than the index gives.
        query = self._query(asked, document.text, document.vector, left)
        hits = collection.search(msgspec.structs.replace(query, top_k=min(asked.top_k + 1, MOST_HITS)))
        return [hit for hit in hits if hit.id != asked.like][: asked.top_k]

    def _query(self, asked: SearchRequest, text: str | None, vector: Row | None, left: "Left") -> Query:
        return Query(
            mode=asked.mode,
            vector=vector,
            text=text,
            top_k=asked.top_k,
            threshold=asked.threshold,
            filter=asked.filter,
            max_bytes=max(1, left.size),
        )


class Left:
    """What the hits of one request may still take together: as much as a request's body.

    The hits of each search are held to it by the index.
    """

    def __init__(self, max_bytes: int, *, several: bool) -> None:
        self.size = max_bytes
        self._lock = threading.Lock()
        self._several = several
        self._max_bytes = max_bytes

    def take(self, hits: Sequence[Hit]) -> None:
        """Count the hits of one search among several. From any thread.

        Raises:
            QueryError: they are too large together.
        """
        if not self._several:
            return
        taken = sum(HIT_BYTES + len(hit.text.encode()) + len(msgspec.json.encode(hit.metadata)) for hit in hits)
        with self._lock:
            self.size -= taken
            none_left = self.size <= 0
        if none_left:
            message = f"the hits of all searches take more than {self._max_bytes} bytes; lower top_k, or ask for fewer"
            raise QueryError(message)


def check(asked: SearchRequest) -> None:
    """Raise what is wrong with a search before anything is embedded for it."""
    if sum(given is not None for given in (asked.query, asked.vector, asked.like)) != 1:
        message = "a search has one of query, vector and like"
        raise InvalidInputError(message)


def check_filters(searches: Sequence[SearchRequest]) -> None:
    """Raise what is wrong with a filter before anything is embedded; of thousands that takes a while."""
    for one in searches:
        if one.filter:
            parse_filter(one.filter)


def unit(vector: Sequence[float]) -> Row:
    """Return a vector as a row of unit length; what is compared is its direction."""
    row = np.asarray(vector, np.float64)
    largest = float(np.abs(row).max(initial=0))
    if not np.isfinite(largest) or largest == 0:
        message = "a vector must be finite and have a direction, which zero has not"
        raise VectorError(message)
    row = row / largest  # whose squares neither overflow nor vanish
    return np.asarray(row / np.linalg.norm(row), np.float32)
