"""POST /search and /search/batch of the native dialect, in each collection."""

from collections.abc import Callable, Sequence
from typing import Any

from litestar import Request

from index import DocumentError, FilterError, FingerprintError, Hit, QueryError, VectorError
from server.addressing import COLLECTION, READING, at, name_of
from server.bodies.search import (
    SearchBatch,
    SearchBatchRequest,
    SearchBatchResponse,
    SearchByLike,
    SearchByQuery,
    SearchByVector,
    SearchHit,
    SearchRequest,
)
from server.caller import caller_of
from server.daemon import daemon_of
from server.decoding import decode_body
from server.embedding import Options
from server.encoding import BODIES, encode, timing_headers
from server.errors import UnknownDocumentError
from server.negotiation import media_of
from server.operations import Example, Operation, posted
from server.replies import Reply
from server.retrieval import Found

SEARCHING = (
    *READING,
    FingerprintError,
    UnknownDocumentError,
    DocumentError,
    FilterError,
    QueryError,
    VectorError,
)
ASKED = {"query": "programming languages", "top_k": 3, "filter": {"year": {"$gte": 1990}}}
ANSWERED = {"id": "py", "text": "Python is a programming language", "score": 0.625, "metadata": {"year": 1991}}

Asked = Request[Any, Any, Any]


@posted(
    at("/search"),
    Operation(
        summary="Search documents",
        about="By one of `query`, `vector` and `like`; best first. Mode vector compares meanings, text looks for words "
        "(bm25), hybrid fuses both rankings (reciprocal rank fusion).",
        scope="search",
        embeds=True,
        request=SearchByQuery | SearchByVector | SearchByLike,
        response=list[SearchHit],
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=SEARCHING,
        example=Example(ASKED, [ANSWERED]),
    ),
)
async def search(request: Asked) -> Reply:
    """Search documents."""
    data = await decode_body(request, SearchRequest)
    found = await _search(request, [data])
    return await _reply(request, found, lambda: shown(found.hits[0]))


@posted(
    at("/search/batch"),
    Operation(
        summary="Search many times",
        about="All searches are done, or none.",
        scope="search",
        embeds=True,
        request=SearchBatch,
        response=SearchBatchResponse,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=SEARCHING,
        example=Example({"searches": [ASKED]}, {"results": [[ANSWERED]]}),
    ),
)
async def search_batch(request: Asked) -> Reply:
    """Search many times."""
    data = await decode_body(request, SearchBatchRequest)
    found = await _search(request, data.searches)
    return await _reply(request, found, lambda: {"results": [shown(hits) for hits in found.hits]})


async def _search(request: Asked, searches: Sequence[SearchRequest]) -> Found:
    daemon = daemon_of(request)
    daemon.embedder.requests.search += 1
    return await daemon.retrieval.search(name_of(request), searches, Options(caller=caller_of(request.scope)))


async def _reply(request: Asked, found: Found, content: Callable[[], Any]) -> Reply:
    """Encode on a thread: hits may have megabytes of text."""
    media = media_of(request.scope)
    body = await daemon_of(request).library.run(lambda: encode(content(), media))
    return Reply(body, media_type=media, headers=timing_headers(found.timing, found.truncated, found.search_s))


def shown(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """Return hits as they are told."""
    return [{"id": hit.id, "text": hit.text, "score": hit.score, "metadata": hit.metadata} for hit in hits]


ROUTES = [search, search_batch]
