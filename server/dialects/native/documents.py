"""Documents one at a time: stored, read, changed, deleted under /index or /collections/{name}/index.

A success is answered after the commit. Ids come from the raw path (`server/web/document_ids.py`), or from `?id=` for
clients that normalize paths.
"""

import math
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from server.contract import documents as contract
from server.contract.embedding import Demand
from server.contract.errors import DocumentError, InvalidInputError, UnknownDocumentError
from server.dialects.asked import Asked
from server.dialects.native.bodies.documents import Deleted, Document, Id, Indexed, PatchRequest, StoredDocument
from server.dialects.native.bodies.told import Patched
from server.dialects.native.collection_paths import ADMITTED, CHANGING, COLLECTION, DELETING, READING, WRITING, at
from server.dialects.native.routing import on_delete, on_get, on_patch, on_post
from server.web.encoding import BODIES, timing_headers
from server.web.operations import Example, Link, Operation, Parameter
from server.web.replies import Reply

# About the bytes of metadata, which may have 64 KiB, of a number of a vector, and of a passage.
METADATA_BYTES, NUMBER_BYTES, PASSAGE_BYTES = 4096, 10, 40
EPOCH, MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)

PATH_ID = Parameter(name="id", place="path", kind=Id, about="the document's id, percent-encoded", required=True)
QUERY_ID = Parameter(name="id", place="query", kind=Id, about="the document's id, percent-encoded", required=True)
TRUNCATE_DOCUMENTS = Parameter(
    name="truncate",
    place="query",
    kind=bool,
    about="where the collection has no passages, false refuses a text that is longer than the model's maximum",
)
WITH_VECTOR = Parameter(
    name="include_vector",
    place="query",
    kind=bool,
    about="true adds the document's vector; that of a text of several passages is their mean",
)
WITH_PASSAGES = Parameter(
    name="include_passages",
    place="query",
    kind=bool,
    about="true adds where each passage of the text stands, and with `include_vector` its vector",
)
SAMPLE = {"id": "py", "text": "Python is a programming language", "metadata": {"year": 1991}}
STORED = {"id": "$response.body#/indexed"}
LINKS = (
    Link(name="get", about="The document.", method="GET", path="/index/{id:str}", parameters=STORED),
    Link(name="delete", about="Delete it again.", method="DELETE", path="/index/{id:str}", parameters=STORED),
    Link(name="like", about="Documents similar to it.", method="POST", path="/search", body={"like": STORED["id"]}),
)


@on_post(
    at("/index"),
    Operation(
        id="documents_put",
        summary="Store a document",
        about="It replaces one with the same id. The answer comes when it is on the disk.",
        scope="write",
        purpose="index",
        embeds=True,
        request=Document,
        response=Indexed,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION, TRUNCATE_DOCUMENTS),
        raises=WRITING,
        links=LINKS,
        example=Example(SAMPLE, {"indexed": "py"}),
    ),
)
async def put(asked: Asked) -> Reply:
    document = document_of(await asked.body(Document))
    written = await asked.charging.put(asked.collection, [document], demand_for_writing(asked))
    return asked.reply({"indexed": document.id}, headers=timing_headers(written.timing, written.truncated))


@on_get(
    at("/index/{id:str}"),
    Operation(
        id="documents_get",
        summary="Show a document",
        scope="search",
        response=StoredDocument,
        gives=BODIES,
        parameters=(COLLECTION, PATH_ID, WITH_VECTOR, WITH_PASSAGES),
        raises=(*READING, *ADMITTED, UnknownDocumentError, DocumentError),
    ),
)
async def get(asked: Asked) -> Reply:
    return await _show(asked, asked.document_id)


@on_patch(
    at("/index/{id:str}"),
    Operation(
        id="documents_patch",
        summary="Change a document's metadata",
        about='A key without the scope search gets `{"patched": id}` in place of the document.',
        scope="write",
        purpose="index",
        request=PatchRequest,
        response=StoredDocument | Patched,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION, PATH_ID),
        raises=(*CHANGING, *ADMITTED, UnknownDocumentError),
        example=Example({"metadata": {"year": None, "typed": True}}, SAMPLE | {"metadata": {"typed": True}}),
    ),
)
async def patch(asked: Asked) -> Reply:
    document_id = asked.document_id
    data = await asked.body(PatchRequest)
    document = await asked.backend.patch(asked.collection, document_id, data.metadata, asked.demand())
    if not asked.caller.has("search"):
        return asked.reply(Patched(document.id))
    return await asked.reply_with_texts(to_body(document), size_of(document))


@on_delete(
    at("/index/{id:str}"),
    Operation(
        id="documents_delete",
        summary="Delete a document",
        scope="write",
        purpose="index",
        response=Deleted,
        gives=BODIES,
        parameters=(COLLECTION, PATH_ID),
        raises=(*DELETING, *ADMITTED, UnknownDocumentError, DocumentError),
    ),
)
async def delete(asked: Asked) -> Reply:
    return await _delete(asked, asked.document_id)


@on_delete(
    at("/index"),
    Operation(
        id="documents_delete_by_query",
        summary="Delete a document by ?id=",
        scope="write",
        purpose="index",
        response=Deleted,
        gives=BODIES,
        parameters=(COLLECTION, QUERY_ID),
        raises=(*DELETING, *ADMITTED, UnknownDocumentError, DocumentError),
    ),
)
async def delete_by_query(asked: Asked) -> Reply:
    if "id" not in asked.query:
        message = "the query has no id"
        raise InvalidInputError(message, "id")
    return await _delete(asked, asked.query["id"])


def document_of(given: Document) -> contract.Document:
    """Return the document under its id, or under a new one; InvalidInputError of two times at which it is to go."""
    id_ = str(uuid.uuid4()) if given.id is None else str(given.id)
    return contract.Document(id_, given.text, given.metadata or {}, expires_ms=expiry_of(given), given=given.vector)


def expiry_of(given: Document) -> int | None:
    """Return from when on a document is gone, in milliseconds of Unix time."""
    if given.ttl_s is not None and given.expires_at is not None:
        message = "a document has ttl_s or expires_at, not both"
        raise InvalidInputError(message, "ttl_s")
    if given.ttl_s is not None:
        return math.ceil((time.time() + given.ttl_s) * 1000)
    return None if given.expires_at is None else (given.expires_at - EPOCH) // MILLISECOND  # a float would lose some


def to_body(document: contract.Document) -> dict[str, Any]:
    """Return the fields of a document that it has."""
    body: dict[str, Any] = {"id": document.id, "text": document.text, "metadata": document.metadata}
    if document.expires_ms is not None:
        body["expires_at"] = moment(document.expires_ms)
    if document.vector is not None:
        body["vector"] = document.vector
    if document.passages is not None:
        body["passages"] = [passage_body(one) for one in document.passages]
    return body


def moment(milliseconds: int) -> str:
    """Return Unix time as RFC 3339 has it."""
    return (EPOCH + milliseconds * MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def passage_body(passage: contract.Passage) -> dict[str, Any]:
    body: dict[str, Any] = {"start": passage.start, "end": passage.end}
    return body if passage.vector is None else body | {"vector": passage.vector}


def included(asked: Asked) -> contract.Include:
    """Return what the query asks for beside texts and metadata."""
    return contract.Include(asked.flag("include_vector") or False, asked.flag("include_passages") or False)


def demand_for_writing(asked: Asked) -> Demand:
    """Return a demand with the query's `truncate`."""
    return asked.demand(truncate=asked.flag("truncate"))


async def _show(asked: Asked, document_id: str) -> Reply:
    document = await asked.backend.get(asked.collection, document_id, asked.demand(), included(asked))
    return await asked.reply_with_texts(to_body(document), size_of(document))


async def _delete(asked: Asked, document_id: str) -> Reply:
    asked.count()
    await asked.backend.delete(asked.collection, document_id, asked.demand())
    return asked.reply({"deleted": document_id})


def size_of(document: contract.Document) -> int:
    """Return about how many bytes a document takes in an answer."""
    vectors = 0 if document.vector is None else 1
    passages = document.passages or ()
    vectors += sum(one.vector is not None for one in passages)
    numbers = vectors * (0 if document.vector is None else len(document.vector))
    return size_of_texts(document) + PASSAGE_BYTES * len(passages) + NUMBER_BYTES * numbers


def size_of_texts(document: contract.Document | contract.Hit) -> int:
    return len(document.text) + METADATA_BYTES * bool(document.metadata)


ROUTES = [put, get, patch, delete, delete_by_query]
