"""Searches in, hits out: queries are embedded through the cache, then the index searches on threads."""

import asyncio
import threading
import time
from collections.abc import Sequence

import msgspec
import numpy as np

import index
from index import Collection, Query, SearchOutcome, checkpoint, parse_filter
from server.contract.documents import Found, Hit, Search
from server.contract.embedding import Demand, Timing
from server.contract.errors import InvalidInputError, QueryError, UnknownDocumentError
from server.documents.converting import hit_of
from server.documents.library import Library, translated_errors
from server.documents.settings import SettingsRules
from server.documents.vectors import Row, unit
from server.engine.embedder import Embedder
from server.engine.metrics import Metrics

# How many searches of one request run at once.
CONCURRENT_SEARCHES = 2
# About the bytes of a hit besides its text and metadata: 1,000 empty hits are a large answer, too.
HIT_BYTES = 150

WORDS_POLL_S = 0.02

# A search, and the row of its query where the query was embedded.
EmbeddedSearch = tuple[Search, Row | None]


class Outcome(msgspec.Struct, frozen=True):
    """The hits of one search, as the contract has them; otherwise as the index's."""

    hits: list[Hit]
    words_ignored: int = 0
    below: int = 0


class Retrieval:
    """`prompt` names the model's prompt for queries, if it has one; `max_bytes` bounds the hits of one request.

    `rules` say which threshold a search has that gives none.
    """

    def __init__(
        self,
        library: Library,
        embedder: Embedder,
        metrics: Metrics,
        rules: SettingsRules,
        prompt: str | None,
        max_bytes: int,
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._metrics = metrics
        self._rules = rules
        self._prompt = prompt
        self._max_bytes = max_bytes

    async def search(self, name: str, searches: Sequence[Search], demand: Demand) -> Found:
        """Run all searches, or none, for a caller who has a place among the requests in progress.

        Raises:
            ServerError: the errors of `Backend.search`.
        """
        collection = self._library.collection(name)
        await self._check(searches, demand)
        if any(one.filter for one in searches):
            await self._library.find(demand.client, check_filters, searches)
        queries = [one.query for one in searches if one.query is not None and one.mode != "text"]
        timing, tokens, truncated, rows = Timing(), list[int](), list[bool](), iter(np.empty((0, 0), np.float32))
        if queries:
            with translated_errors():
                collection.check_searchable()
            prompted = msgspec.structs.replace(demand, prompt=self._prompt)
            found = await self._embedder.embed_admitted(queries, prompted)
            timing, tokens, truncated, rows = found.timing, found.tokens, found.truncated, iter(found.rows)
        start_s = time.perf_counter()
        embedded = [(one, next(rows) if one.query is not None and one.mode != "text" else None) for one in searches]
        outcomes = await self._search_each(collection, embedded, demand.client)
        search_s = time.perf_counter() - start_s
        ignored = sum(one.words_ignored for one in outcomes)
        below = sum(out.below for one, out in zip(searches, outcomes, strict=True) if one.threshold is None)
        return Found([one.hits for one in outcomes], tokens, truncated, timing, search_s, ignored, below)

    async def _check(self, searches: Sequence[Search], demand: Demand) -> None:
        """Raise the error of a request that is not valid, before any work."""
        if len(searches) > (most := self._embedder.max_texts):
            message = f"{len(searches)} searches, max_client_batch_size is {most}"
            raise InvalidInputError(message, "searches")
        await self._embedder.check([one.query for one in searches if one.query is not None], demand)
        for one in searches:
            if sum(given is not None for given in (one.query, one.vector, one.like)) != 1:
                message = "a search takes exactly one of query, vector and like"
                raise InvalidInputError(message)

    async def _search_each(
        self, collection: Collection, embedded: Sequence[EmbeddedSearch], client: str
    ) -> list[Outcome]:
        """Run a few searches at a time, so that those of other requests run between those of a long batch."""
        found = [Outcome([]) for _ in embedded]
        budget = HitBudget(self._max_bytes, several=len(embedded) > 1)
        rest = iter(enumerate(embedded))

        async def drive() -> None:
            for number, one in rest:
                if one[0].mode != "vector":
                    await wait_for_words(collection)
                found[number] = await self._library.find(client, self._search, collection, one, budget)

        drivers = [asyncio.create_task(drive()) for _ in range(min(len(embedded), CONCURRENT_SEARCHES))]
        try:
            await asyncio.gather(*drivers)
        finally:  # where one failed, the others must stop
            for driver in drivers:
                driver.cancel()
        return found

    def _search(self, collection: Collection, pair: EmbeddedSearch, budget: "HitBudget") -> Outcome:
        start_s, (search, row) = time.perf_counter(), pair
        if search.like is not None:
            outcome = self._like(collection, search, budget)
        else:
            vector = unit(search.vector, collection.model.ndim) if search.vector is not None else row
            outcome = collection.outcome(self._query(collection, search, search.query, vector, budget))
        budget.take(outcome.hits)
        self._metrics.searched(search.mode, time.perf_counter() - start_s)
        return Outcome([hit_of(hit) for hit in outcome.hits], outcome.words_ignored, outcome.below)

    def _like(self, collection: Collection, search: Search, budget: "HitBudget") -> SearchOutcome:
        """Find documents that are similar to one, without that one."""
        assert search.like is not None
        if search.mode != "text":
            collection.check_searchable()
        document = collection.get(search.like, index.Include(vector=True))
        if document is None:
            message = f"there is no document {search.like!r}"
            raise UnknownDocumentError(message, "like")
        return collection.outcome(self._query(collection, search, document.text, document.vector, budget))

    def _query(
        self, collection: Collection, search: Search, text: str | None, vector: Row | None, budget: "HitBudget"
    ) -> Query:
        threshold = search.threshold
        if threshold is None and search.mode == "vector":
            threshold = self._rules.threshold_of(collection.name, collection.settings)
        return Query(
            mode=search.mode,
            vector=vector,
            text=text,
            top_k=search.top_k,
            threshold=threshold,
            filter=search.filter,
            max_bytes=max(1, budget.size),
            prefix=search.prefix,
            typos=search.typos,
            weight=search.weight,
            fusion=search.fusion,
            explain=search.explain,
            without=search.like,
            offset=search.offset,
            group_by=search.group_by,
            per_group=search.per_group,
            diversity=search.diversity,
            texts=search.wanted.text,
            metadata=search.wanted.metadata,
            vectors=search.wanted.vector,
            snippet=search.wanted.snippet,
        )


async def wait_for_words(collection: Collection) -> None:
    """Wait while the index of words is built, without one of the threads that all reads share."""
    while not collection.words_ready:
        await asyncio.sleep(WORDS_POLL_S)


class HitBudget:
    """The bytes that the hits of one request may still take together, at first `max_bytes`.

    The index bounds the hits of each search by it.
    """

    def __init__(self, max_bytes: int, *, several: bool) -> None:
        self.size = max_bytes
        self._lock = threading.Lock()
        self._several = several
        self._max_bytes = max_bytes

    def take(self, hits: Sequence[index.Hit]) -> None:
        """Count the hits of one search, if there are several searches. From any thread.

        Raises:
            QueryError: the hits of all searches are too large together.
        """
        if not self._several:
            return
        taken = sum(map(bytes_of, hits))
        with self._lock:
            self.size -= taken
            none_left = self.size <= 0
        if none_left:
            message = f"the hits of all searches take more than {self._max_bytes} bytes; lower top_k, or ask for fewer"
            raise QueryError(message)


def bytes_of(hit: index.Hit) -> int:
    """Return about the bytes that a hit takes."""
    snippet = 0 if hit.snippet is None else hit.snippet.size_bytes
    vector = 0 if hit.vector is None else hit.vector.nbytes
    return HIT_BYTES + len(hit.text.encode()) + snippet + len(msgspec.json.encode(hit.metadata)) + vector


def check_filters(searches: Sequence[Search]) -> None:
    """Raise the error of a filter that is not valid, before any embedding; thousands of filters take a while."""
    for one in searches:
        if one.filter:
            checkpoint()  # others take their turns between filters
            parse_filter(one.filter)
