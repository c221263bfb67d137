"""POST /search and /search/batch of the native dialect, in each collection."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from server.contract import documents as contract
from server.contract.errors import (
    DocumentError,
    FilterError,
    FingerprintError,
    QueryError,
    UnknownDocumentError,
    VectorError,
)
from server.dialects.asked import Asked
from server.dialects.native.bodies.search import (
    SearchBatch,
    SearchBatchRequest,
    SearchBatchResponse,
    SearchByLike,
    SearchByQuery,
    SearchByVector,
    SearchHit,
    SearchRequest,
    SnippetOptions,
)
from server.dialects.native.collection_paths import COLLECTION, READING, at
from server.dialects.native.documents import NUMBER_BYTES, passage_body, size_of_texts
from server.dialects.native.routing import on_post
from server.web.aside import run_aside
from server.web.encoding import BODIES, timing_headers
from server.web.operations import Example, Operation
from server.web.replies import Reply

SEARCHING = (
    *READING,
    FingerprintError,
    UnknownDocumentError,
    DocumentError,
    FilterError,
    QueryError,
    VectorError,
)
MARK_BYTES = 25  # of a mark in an answer
# Up to so many hits, some 2 us each, are made ready on the event loop.
INLINE_HITS = 1_000
REQUEST = {"query": "programming languages", "top_k": 3, "filter": {"year": {"$gte": 1990}}}
HEADERS = {
    "x-words-ignored": "How many words of the queries their rankings leave out, the most common ones, if any.",
    "x-hits-below-threshold": "How many of the `top_k` best documents are no hits, since they are below the "
    "collection's threshold and the search gives none, if any.",
}
HIT = {"id": "py", "text": "Python is a programming language", "score": 0.625, "metadata": {"year": 1991}}


@on_post(
    at("/search"),
    Operation(
        id="search_search",
        summary="Search documents",
        about="By one of `query`, `vector` and `like`; best first. Mode vector compares meanings, text looks for words "
        "(BM25), hybrid adds both scores by `weight`.",
        scope="search",
        purpose="search",
        embeds=True,
        request=SearchByQuery | SearchByVector | SearchByLike,
        response=list[SearchHit],
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION,),
        headers=HEADERS,
        raises=SEARCHING,
        example=Example(REQUEST, [HIT]),
    ),
)
async def search(asked: Asked) -> Reply:
    data = await asked.body(SearchRequest)
    found = await _search(asked, [data])
    return await _reply(asked, found, lambda: to_body(found.hits[0], data))


@on_post(
    at("/search/batch"),
    Operation(
        id="search_search_batch",
        summary="Run many searches",
        about="All searches are run, or none.",
        scope="search",
        purpose="search",
        embeds=True,
        request=SearchBatch,
        response=SearchBatchResponse,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION,),
        headers=HEADERS,
        raises=SEARCHING,
        example=Example({"searches": [REQUEST]}, {"results": [[HIT]]}),
    ),
)
async def search_batch(asked: Asked) -> Reply:
    data = await asked.body(SearchBatchRequest)
    found = await _search(asked, data.searches)

    def content() -> dict[str, Any]:
        return {"results": [to_body(hits, one) for hits, one in zip(found.hits, data.searches, strict=True)]}

    return await _reply(asked, found, content)


async def _search(asked: Asked, searches: Sequence[SearchRequest]) -> contract.Found:
    return await asked.charging.search(asked.collection, [search_of(one) for one in searches], asked.demand())


def search_of(given: SearchRequest) -> contract.Search:
    return contract.Search(
        query=given.query,
        vector=given.vector,
        like=None if given.like is None else str(given.like),
        top_k=given.top_k,
        threshold=given.threshold,
        filter=given.filter,
        mode=given.mode,
        prefix=given.prefix,
        typos=given.typos,
        weight=given.weight,
        fusion=given.fusion,
        explain=given.explain,
        offset=given.offset,
        group_by=given.group_by,
        per_group=given.per_group,
        diversity=None if given.mmr is None else given.mmr.diversity,
        wanted=wanted_of(given),
    )


def wanted_of(given: SearchRequest) -> contract.Wanted:
    """Return what hits are to hold."""
    options = SnippetOptions() if given.snippet is True else given.snippet or None
    snippet = None if options is None else options.max_characters
    if given.fields is None:
        return contract.Wanted(snippet=snippet)
    return contract.Wanted("text" in given.fields, "metadata" in given.fields, "vector" in given.fields, snippet)


async def _reply(asked: Asked, found: contract.Found, content: Callable[[], Any]) -> Reply:
    """Answer with content that is made on a thread where there are many hits."""

    def made() -> tuple[Any, int]:
        return content(), sum(size_of(hit) for hits in found.hits for hit in hits)

    body, size = await run_aside(made) if sum(map(len, found.hits)) > INLINE_HITS else made()
    headers = timing_headers(found.timing, found.truncated, found.search_s)
    if found.words_ignored:
        headers["x-words-ignored"] = str(found.words_ignored)
    if found.below_threshold:
        headers["x-hits-below-threshold"] = str(found.below_threshold)
    return await asked.reply_with_texts(body, size, headers)


def size_of(hit: contract.Hit) -> int:
    """Return about how many bytes a hit takes in an answer."""
    snippet = 0 if hit.snippet is None else len(hit.snippet.text) + MARK_BYTES * len(hit.snippet.marks)
    return size_of_texts(hit) + snippet + (0 if hit.vector is None else NUMBER_BYTES * len(hit.vector))


def to_body(hits: Sequence[contract.Hit], given: SearchRequest) -> list[dict[str, Any]]:
    if given.fields is None:
        return [to_hit(hit) for hit in hits]
    fields = {*given.fields, "snippet", "explain"}
    return [{name: value for name, value in to_hit(hit).items() if name in fields} for hit in hits]


def to_hit(hit: contract.Hit) -> dict[str, Any]:
    """Return a hit's fields; the passage of a text of several, and what else it has."""
    body: dict[str, Any] = {"id": hit.id, "text": hit.text, "score": hit.score, "metadata": hit.metadata}
    if hit.vector is not None:
        body["vector"] = hit.vector
    if hit.passage is not None and (hit.passage.start, hit.passage.end) != (0, hit.characters):
        body["passage"] = passage_body(hit.passage)
    if hit.snippet is not None:
        body["snippet"] = snippet_body(hit.snippet)
    if hit.explain is not None:
        body["explain"] = told(hit.explain)
    return body


def snippet_body(snippet: contract.Snippet) -> dict[str, Any]:
    marks = [{"start": one.start, "end": one.end} for one in snippet.marks]
    return {"text": snippet.text, "start": snippet.start, "end": snippet.end, "marks": marks}


def told(value: msgspec.Struct) -> dict[str, Any]:
    """Return what is there of the parts of a score."""
    there = {name: part for name, part in msgspec.structs.asdict(value).items() if part is not None}
    return {name: told(part) if isinstance(part, msgspec.Struct) else part for name, part in there.items()}


ROUTES = [search, search_batch]
