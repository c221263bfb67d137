"""POST /search and /search/batch of the native dialect, in each collection."""

from collections.abc import Sequence
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
)
from server.dialects.native.collection_paths import COLLECTION, READING, at
from server.dialects.native.documents import passage_body, size_of
from server.dialects.native.routing import on_post
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
    return await _reply(asked, found, to_body(found.hits[0]))


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
    return await _reply(asked, found, {"results": [to_body(hits) for hits in found.hits]})


async def _search(asked: Asked, searches: Sequence[SearchRequest]) -> contract.Found:
    wanted = [
        contract.Search(
            query=one.query,
            vector=one.vector,
            like=one.like,
            top_k=one.top_k,
            threshold=one.threshold,
            filter=one.filter,
            mode=one.mode,
            prefix=one.prefix,
            typos=one.typos,
            weight=one.weight,
            fusion=one.fusion,
            explain=one.explain,
        )
        for one in searches
    ]
    return await asked.charging.search(asked.collection, wanted, asked.demand())


async def _reply(asked: Asked, found: contract.Found, content: Any) -> Reply:
    size = sum(size_of(hit) for hits in found.hits for hit in hits)
    headers = timing_headers(found.timing, found.truncated, found.search_s)
    if found.words_ignored:
        headers["x-words-ignored"] = str(found.words_ignored)
    if found.below_threshold:
        headers["x-hits-below-threshold"] = str(found.below_threshold)
    return await asked.reply_with_texts(content, size, headers)


def to_body(hits: Sequence[contract.Hit]) -> list[dict[str, Any]]:
    return [to_hit(hit) for hit in hits]


def to_hit(hit: contract.Hit) -> dict[str, Any]:
    """Return a hit's fields; the passage of a text of several, and the parts of its score where it has them."""
    body: dict[str, Any] = {"id": hit.id, "text": hit.text, "score": hit.score, "metadata": hit.metadata}
    if hit.passage is not None and (hit.passage.start, hit.passage.end) != (0, len(hit.text)):
        body["passage"] = passage_body(hit.passage)
    if hit.explain is not None:
        body["explain"] = told(hit.explain)
    return body


def told(value: msgspec.Struct) -> dict[str, Any]:
    """Return what is there of the parts of a score."""
    there = {name: part for name, part in msgspec.structs.asdict(value).items() if part is not None}
    return {name: told(part) if isinstance(part, msgspec.Struct) else part for name, part in there.items()}


ROUTES = [search, search_batch]
