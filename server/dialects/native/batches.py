"""Many documents at once: POST /index/batch and /index/delete of the native dialect, in each collection."""

from msgspec import UNSET

from server.contract.embedding import Timing
from server.contract.errors import DocumentError, FilterError, InvalidInputError
from server.dialects.asked import Asked
from server.dialects.native.bodies.documents import (
    BatchIndexed,
    BatchRequest,
    DeleteByFilter,
    DeleteByIds,
    DeletedCount,
    DeleteRequest,
    Document,
)
from server.dialects.native.collection_paths import ADMITTED, COLLECTION, DELETING, WRITING, at
from server.dialects.native.documents import SAMPLE, TRUNCATE_DOCUMENTS, demand_for_writing, document_of
from server.dialects.native.lines import LineStream, lines_of
from server.dialects.native.routing import on_post
from server.web.encoding import BODIES, timing_headers
from server.web.ndjson import NDJSON
from server.web.operations import Example, Lines, Operation
from server.web.replies import Reply


@on_post(
    at("/index/batch"),
    Operation(
        id="batches_put_batch",
        summary="Store many documents",
        about="JSON and MessagePack are one transaction: all documents or none. NDJSON, a document per line, may have "
        "any length: it is read as fast as it is stored, in groups of at most 64 lines, and the answer lists what is "
        "wrong with lines. A timeout that the client gives applies to each group.",
        scope="write",
        purpose="index",
        embeds=True,
        request=BatchRequest,
        lines=Lines(Document, (SAMPLE, {"id": "c", "text": "C is older"})),
        response=BatchIndexed,
        takes=(*BODIES, NDJSON),
        gives=BODIES,
        parameters=(COLLECTION, TRUNCATE_DOCUMENTS),
        raises=WRITING,
        example=Example({"documents": [SAMPLE]}, {"indexed": 1}),
    ),
)
async def put_batch(asked: Asked) -> Reply:
    if asked.media_taken == NDJSON:
        asked.count()
        demand = demand_for_writing(asked)
        stream = LineStream(asked.hold)
        found = await stream.keep(
            lines_of(asked), lambda documents: asked.charging.keep(asked.collection, documents, demand)
        )
        headers = timing_headers(Timing(index_s=stream.held_s), ()) if stream.held_s else {}
        if found.truncated is not UNSET:
            headers["x-truncated-inputs"] = str(found.truncated)
        return asked.reply(found, headers=headers)
    given = (await asked.body(BatchRequest)).documents
    documents = [document_of(one) for one in given]
    written = await asked.charging.put(asked.collection, documents, demand_for_writing(asked))
    ids = [one.id for one in documents]
    content = BatchIndexed(len(set(ids)))
    if any(one.id is None for one in given):
        content.ids = ids
    return asked.reply(content, headers=timing_headers(written.timing, written.truncated))


@on_post(
    at("/index/delete"),
    Operation(
        id="batches_delete_many",
        summary="Delete documents by their ids or by a filter",
        about="One transaction. A filter that holds for every document by its form, as an empty one does, is refused; "
        "to delete everything, drop the collection.",
        scope="write",
        purpose="index",
        request=DeleteByIds | DeleteByFilter,
        response=DeletedCount,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=(*DELETING, *ADMITTED, DocumentError, FilterError),
        example=Example({"filter": {"year": {"$lt": 2000}}}, {"deleted": 1}),
    ),
)
async def delete_many(asked: Asked) -> Reply:
    data = await asked.body(DeleteRequest)
    if (data.ids is None) == (data.filter is None):
        message = "there must be either ids or a filter"
        raise InvalidInputError(message)
    if data.ids is not None:
        most = asked.settings.max_client_batch_size
        if len(data.ids) > most:
            message = f"{len(data.ids)} ids, max_client_batch_size is {most}"
            raise InvalidInputError(message, "ids")
        count = await asked.backend.delete_many(asked.collection, list(map(str, data.ids)), asked.demand())
        return asked.reply({"deleted": count})
    assert data.filter is not None
    count = await asked.backend.delete_matching(asked.collection, data.filter, asked.demand())
    return asked.reply({"deleted": count})


ROUTES = [put_batch, delete_many]
