"""Many documents at once: POST /index/batch and /index/delete of the native dialect, in each collection."""

from typing import Any

import msgspec
from litestar import Request

from index import DocumentError, FilterError
from server.addressing import COLLECTION, DELETING, WRITING, at, name_of
from server.admitted import ADMITTED, admitted
from server.bodies.documents import (
    BatchIndexed,
    BatchRequest,
    DeleteByFilter,
    DeleteByIds,
    DeletedCount,
    DeleteRequest,
    Document,
)
from server.daemon import daemon_of
from server.decoding import decode_body, media_taken
from server.encoding import BODIES, headers_for, reply_in
from server.errors import InvalidInputError
from server.ndjson import GROUP_LINES, NDJSON, Bounds, groups_of_lines, until
from server.negotiation import media_of
from server.operations import Example, Lines, Operation, posted
from server.replies import Reply
from server.routes.documents import SAMPLE, options_of
from server.routes.native import TRUNCATE
from server.settings import Settings
from server.stream import Stream

# What JSON makes of one byte of a text at most, and room for an id and metadata, however these are written.
LONGEST_ESCAPE, BESIDE_TEXT_BYTES = 6, 1 << 20

Asked = Request[Any, Any, Any]


@posted(
    at("/index/batch"),
    Operation(
        summary="Keep many documents",
        about="JSON and MessagePack are one transaction: all documents or none. NDJSON, a document a line, may be of "
        "any length: it is read as fast as it is kept, in groups of at most 64 lines, and what is wrong with a line is "
        "told at the end. A time-out given with it is that of each group.",
        scope="write",
        embeds=True,
        request=BatchRequest,
        lines=Lines(Document, (SAMPLE, {"id": "c", "text": "C is older"})),
        response=BatchIndexed,
        takes=(*BODIES, NDJSON),
        gives=BODIES,
        parameters=(COLLECTION, TRUNCATE),
        raises=WRITING,
        example=Example({"documents": [SAMPLE]}, {"indexed": 1}),
    ),
)
async def put_batch(request: Asked) -> Reply:
    """Keep many documents."""
    daemon, name = daemon_of(request), name_of(request)
    if media_taken(request) == NDJSON:
        daemon.embedder.requests.index += 1
        told = await _keep_stream(request, name)
        return reply_in(media_of(request.scope), msgspec.to_builtins(told))
    documents = (await decode_body(request, BatchRequest)).documents
    daemon.embedder.requests.index += 1
    async with admitted(request):
        found = await daemon.ingest.put(name, documents, options_of(request, admitted=True))
    return reply_in(media_of(request.scope), {"indexed": len(documents)}, headers_for(found))


def longest_line(settings: Settings) -> int:
    """Return how many bytes the line of a document that may be kept has at most."""
    return min(settings.max_body_bytes, LONGEST_ESCAPE * settings.max_text_bytes + BESIDE_TEXT_BYTES)


async def _keep_stream(request: Asked, name: str) -> BatchIndexed:
    daemon, scope = daemon_of(request), request.scope
    settings = daemon.settings

    def hold(size: int) -> None:
        daemon.intake.hold(scope, size)

    bounds = Bounds(
        line_bytes=longest_line(settings),
        group_lines=min(GROUP_LINES, settings.max_client_batch_size),
        hold=hold,
        leaving=lambda: daemon.engine.leaving,
    )
    receive = until(lambda: daemon.engine.leaving, request.receive)
    return await Stream(daemon.ingest, name, options_of(request), hold).keep(groups_of_lines(receive, bounds))


@posted(
    at("/index/delete"),
    Operation(
        summary="Delete documents by their ids or by a filter",
        about="One transaction. An empty filter is refused; who wants to delete everything drops the collection.",
        scope="write",
        request=DeleteByIds | DeleteByFilter,
        response=DeletedCount,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=(*DELETING, *ADMITTED, DocumentError, FilterError),
        example=Example({"filter": {"year": {"$lt": 2000}}}, {"deleted": 1}),
    ),
)
async def delete_many(request: Asked) -> Reply:
    """Delete documents by their ids or by a filter."""
    daemon, data = daemon_of(request), await decode_body(request, DeleteRequest)
    daemon.embedder.requests.index += 1
    if (data.ids is None) == (data.filter is None):
        message = "there must be either ids or a filter"
        raise InvalidInputError(message)
    collection, library = daemon.library.collection(name_of(request)), daemon.library
    if data.ids is not None:
        most = daemon.settings.max_client_batch_size
        if len(data.ids) > most:
            message = f"{len(data.ids)} ids, max_client_batch_size is {most}"
            raise InvalidInputError(message, "ids")
        async with admitted(request):
            count = await library.commit(collection.delete_many, data.ids)
        return reply_in(media_of(request.scope), {"deleted": count})
    if not data.filter:
        message = "an empty filter would delete every document; DELETE /collections/{name} does that"
        raise FilterError(message)
    async with admitted(request):
        count = await library.commit(collection.delete_matching, data.filter)
    return reply_in(media_of(request.scope), {"deleted": count})


ROUTES = [put_batch, delete_many]
