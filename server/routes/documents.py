"""One document at a time: kept, read, changed, deleted under /index, or /collections/{name}/index; and lists of them.

A success is told after the commit. Ids come from the raw path (`server/ids.py`), or from `?id=` for clients that
normalize paths.
"""

from typing import Annotated, Any

import msgspec
from litestar import Request

from index import Document as Kept
from index import DocumentError
from server.addressing import COLLECTION, DELETING, READING, WRITING, at, name_of
from server.admitted import ADMITTED, admitted
from server.bodies.documents import Deleted, Document, Id, Indexed, Page, PatchRequest, StoredDocument
from server.caller import caller_of
from server.daemon import daemon_of
from server.decoding import decode_body
from server.embedding import Options
from server.encoding import BODIES, encode, headers_for, reply_in
from server.errors import InvalidInputError, UnknownDocumentError
from server.ids import id_of
from server.negotiation import media_of
from server.operations import Example, Link, Operation, Parameter, deleted, got, patched, posted
from server.queries import flag, query_of, whole
from server.replies import Reply
from server.routes.native import TRUNCATE

DEFAULT_LIMIT, MOST_DOCUMENTS = 100, 1000

PATH_ID = Parameter(name="id", place="path", kind=Id, about="the document's id, percent-encoded", required=True)
QUERY_ID = Parameter(name="id", place="query", kind=Id, about="the document's id, percent-encoded", required=True)
WITH_VECTOR = Parameter(
    name="include_vector", place="query", kind=bool, about="true gives the vector that the document is found by, too"
)
SAMPLE = {"id": "py", "text": "Python is a programming language", "metadata": {"year": 1991}}
KEPT = {"id": "$response.body#/indexed"}
LINKS = (
    Link(name="get", about="The document.", method="GET", path="/index/{id:str}", parameters=KEPT),
    Link(name="delete", about="Delete it again.", method="DELETE", path="/index/{id:str}", parameters=KEPT),
    Link(name="like", about="What is like it.", method="POST", path="/search", body={"like": KEPT["id"]}),
)

Asked = Request[Any, Any, Any]


@posted(
    at("/index"),
    Operation(
        summary="Keep a document",
        about="One that has its id is replaced. The answer comes when it is on the disk.",
        scope="write",
        embeds=True,
        request=Document,
        response=Indexed,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION, TRUNCATE),
        raises=WRITING,
        links=LINKS,
        example=Example(SAMPLE, {"indexed": "py"}),
    ),
)
async def put(request: Asked) -> Reply:
    """Keep a document."""
    daemon, document = daemon_of(request), await decode_body(request, Document)
    daemon.embedder.requests.index += 1
    async with admitted(request):
        found = await daemon.ingest.put(name_of(request), [document], options_of(request, admitted=True))
    return reply_in(media_of(request.scope), {"indexed": document.id}, headers_for(found))


@got(
    at("/index/{id:str}"),
    Operation(
        summary="Show a document",
        scope="search",
        response=StoredDocument,
        gives=BODIES,
        parameters=(COLLECTION, PATH_ID, WITH_VECTOR),
        raises=(*READING, *ADMITTED, UnknownDocumentError, DocumentError),
    ),
)
async def get(request: Asked) -> Reply:
    """Show a document."""
    return await _show(request, id_of(request))


@got(
    at("/index"),
    Operation(
        summary="List documents, or show one by ?id=",
        about="In the order of their ids' bytes. A page is shorter than asked for where its documents are large.",
        scope="search",
        response=Page | StoredDocument,
        gives=BODIES,
        parameters=(
            COLLECTION,
            Parameter(
                name="limit",
                place="query",
                kind=Annotated[int, msgspec.Meta(ge=1, le=MOST_DOCUMENTS)],
                about=f"how many documents at most; {DEFAULT_LIMIT} where it is left out",
            ),
            Parameter(name="after", place="query", kind=str, about="the id after which to begin"),
            msgspec.structs.replace(QUERY_ID, about="the id of the only document that is wanted", required=False),
            WITH_VECTOR,
        ),
        raises=(*READING, *ADMITTED, UnknownDocumentError, DocumentError),
    ),
)
async def list_documents(request: Asked) -> Reply:
    """List documents, or show one by ?id=."""
    query = query_of(request.scope)
    limit, with_vector = whole(query, "limit", DEFAULT_LIMIT, MOST_DOCUMENTS), flag(query, "include_vector") or False
    if "id" in query:
        return await _show(request, query["id"])
    daemon = daemon_of(request)
    collection, media = daemon.library.collection(name_of(request)), media_of(request.scope)
    after, max_bytes = query.get("after", ""), daemon.settings.max_body_bytes

    def read() -> bytes:
        page = collection.list_after(after, limit, with_vector, max_bytes=max_bytes)
        more = page and collection.list_after(page[-1].id, 1)
        return encode({"documents": [shown(one) for one in page], "next": page[-1].id if more else None}, media)

    async with admitted(request):
        body = await daemon.library.run(read)
    return Reply(body, media_type=media)


@patched(
    at("/index/{id:str}"),
    Operation(
        summary="Change a document's metadata",
        scope="write",
        request=PatchRequest,
        response=StoredDocument,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION, PATH_ID),
        raises=(*WRITING, *ADMITTED, UnknownDocumentError),
        example=Example({"metadata": {"year": None, "typed": True}}, SAMPLE | {"metadata": {"typed": True}}),
    ),
)
async def patch(request: Asked) -> Reply:
    """Change a document's metadata."""
    daemon, id_ = daemon_of(request), id_of(request)
    data = await decode_body(request, PatchRequest)
    daemon.embedder.requests.index += 1
    collection = daemon.library.collection(name_of(request))
    async with admitted(request):
        document = await daemon.library.commit(collection.patch, id_, data.metadata)
    if document is None:
        raise _unknown(id_)
    return reply_in(media_of(request.scope), shown(document))


@deleted(
    at("/index/{id:str}"),
    Operation(
        summary="Delete a document",
        scope="write",
        response=Deleted,
        gives=BODIES,
        parameters=(COLLECTION, PATH_ID),
        raises=(*DELETING, *ADMITTED, UnknownDocumentError, DocumentError),
    ),
)
async def delete(request: Asked) -> Reply:
    """Delete a document."""
    return await _delete(request, id_of(request))


@deleted(
    at("/index"),
    Operation(
        summary="Delete a document by ?id=",
        scope="write",
        response=Deleted,
        gives=BODIES,
        parameters=(COLLECTION, QUERY_ID),
        raises=(*DELETING, *ADMITTED, UnknownDocumentError, DocumentError),
    ),
)
async def delete_by_query(request: Asked) -> Reply:
    """Delete a document by ?id=."""
    query = query_of(request.scope)
    if "id" not in query:
        message = "the query has no id"
        raise InvalidInputError(message, "id")
    return await _delete(request, query["id"])


def shown(document: Kept) -> dict[str, Any]:
    """Return a document as it is told."""
    told = {"id": document.id, "text": document.text, "metadata": document.metadata}
    return told if document.vector is None else told | {"vector": document.vector}


async def _show(request: Asked, id_: str) -> Reply:
    daemon = daemon_of(request)
    collection = daemon.library.collection(name_of(request))
    with_vector = flag(query_of(request.scope), "include_vector") or False
    async with admitted(request):
        document = await daemon.library.run(collection.get, id_, with_vector)
    if document is None:
        raise _unknown(id_)
    return reply_in(media_of(request.scope), shown(document))


async def _delete(request: Asked, id_: str) -> Reply:
    daemon = daemon_of(request)
    daemon.embedder.requests.index += 1
    collection = daemon.library.collection(name_of(request))
    async with admitted(request):
        found = await daemon.library.commit(collection.delete, id_)
    if not found:
        raise _unknown(id_)
    return reply_in(media_of(request.scope), {"deleted": id_})


def _unknown(id_: str) -> UnknownDocumentError:
    return UnknownDocumentError(f"there is no document {id_!r}", "id")


def options_of(request: Asked, *, admitted: bool = False) -> Options:
    """Return who asks, and whether long texts may be cut; `admitted` as in Options."""
    truncate = flag(query_of(request.scope), "truncate")
    return Options(caller=caller_of(request.scope), truncate=truncate, admitted=admitted)


ROUTES = [put, get, list_documents, patch, delete, delete_by_query]
