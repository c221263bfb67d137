"""Documents by their order and by filters: listed, counted, and the values of their fields counted."""

from typing import Annotated, Any

import msgspec

from server.contract import documents as contract
from server.contract.errors import DocumentError, FilterError, InvalidInputError, UnknownDocumentError
from server.dialects.asked import Asked
from server.dialects.native.bodies.listing import (
    Count,
    CountRequest,
    Facet,
    Facets,
    FacetsRequest,
    FacetValue,
    ListedDocument,
    Page,
)
from server.dialects.native.collection_paths import ADMITTED, COLLECTION, READING, at
from server.dialects.native.documents import (
    QUERY_ID,
    WITH_PASSAGES,
    WITH_VECTOR,
    included,
    size_of,
    to_body,
)
from server.dialects.native.routing import on_get, on_post
from server.web.decoding import decode_json
from server.web.encoding import BODIES
from server.web.operations import Example, Operation, Parameter
from server.web.replies import Reply

DEFAULT_LIMIT, MAX_DOCUMENTS = 100, 1000
FIELDS = ("id", "text", "metadata", "expires_at", "vector", "passages")
FIELDS_PATTERN = "^({0})(,({0}))*$".format("|".join(FIELDS))


@on_get(
    at("/index"),
    Operation(
        id="documents_list_documents",
        summary="List documents, or show one by ?id=",
        about="In the order of their ids' bytes. A page is shorter than `limit` where its documents are large.",
        scope="search",
        response=Page | ListedDocument,
        gives=BODIES,
        parameters=(
            COLLECTION,
            Parameter(
                name="limit",
                place="query",
                kind=Annotated[int, msgspec.Meta(ge=1, le=MAX_DOCUMENTS)],
                about=f"how many documents at most; {DEFAULT_LIMIT} where it is left out",
            ),
            Parameter(name="after", place="query", kind=str, about="the id after which to begin"),
            msgspec.structs.replace(QUERY_ID, about="the id of the one document to show", required=False),
            Parameter(name="filter", place="query", kind=str, about="of which documents: a filter, as JSON"),
            Parameter(
                name="fields",
                place="query",
                kind=Annotated[str, msgspec.Meta(pattern=FIELDS_PATTERN)],
                about=f"what of each document, with commas between: {', '.join(FIELDS)}",
            ),
            WITH_VECTOR,
            WITH_PASSAGES,
        ),
        raises=(*READING, *ADMITTED, UnknownDocumentError, DocumentError, FilterError),
    ),
)
async def list_documents(asked: Asked) -> Reply:
    limit, condition = asked.whole_number("limit", DEFAULT_LIMIT, MAX_DOCUMENTS), filter_of(asked)
    include, fields = included(asked), fields_of(asked.query.get("fields"))
    if fields is not None:
        vector, passages = include.vector or "vector" in fields, include.passages or "passages" in fields
        include = contract.Include(vector, passages, "text" in fields)
    if "id" in asked.query:
        one = await asked.backend.get(asked.collection, asked.query["id"], asked.demand(), include)
        return await asked.reply_with_texts(listed(one, fields, include), size_of(one))
    page = await asked.backend.list_after(
        asked.collection, asked.query.get("after", ""), limit, asked.demand(), include, condition
    )
    documents = [listed(one, fields, include) for one in page.documents]
    content = {"documents": documents, "next": page.documents[-1].id if page.more else None}
    return await asked.reply_with_texts(content, sum(map(size_of, page.documents)))


@on_post(
    at("/index/count"),
    Operation(
        id="listing_count",
        summary="Count documents",
        scope="search",
        request=CountRequest,
        optional_body=True,
        response=Count,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=(*READING, *ADMITTED, FilterError),
        example=Example({"filter": {"year": {"$gte": 1990}}}, {"count": 1}),
    ),
)
async def count(asked: Asked) -> Reply:
    data = await asked.body(CountRequest)
    return asked.reply(Count(await asked.backend.count(asked.collection, data.filter, asked.demand())))


@on_post(
    at("/index/facets"),
    Operation(
        id="listing_facets",
        summary="Count the values of fields",
        about="Of metadata. A document counts once for each value that it has in a field, a list's elements each.",
        scope="search",
        request=FacetsRequest,
        response=Facets,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=(*READING, *ADMITTED, FilterError),
        example=Example(
            {"fields": ["year"]}, {"facets": {"year": {"values": [{"value": 1991, "count": 1}], "distinct": 1}}}
        ),
    ),
)
async def facets(asked: Asked) -> Reply:
    data = await asked.body(FacetsRequest)
    demand = asked.demand()
    found = await asked.backend.facets(asked.collection, data.fields, data.filter, data.limit, demand)
    bodies = {
        field: Facet([FacetValue(value.value, value.count) for value in one.values], one.distinct)
        for field, one in found.items()
    }
    return asked.reply(Facets(bodies))


def fields_of(given: str | None) -> frozenset[str] | None:
    """Return what a list is to have of each document; None where nothing is said."""
    if given is None:
        return None
    fields = given.split(",")
    if unknown := [one for one in fields if one not in FIELDS]:
        message = f"fields has {unknown[0][:50]!r}; there are {', '.join(FIELDS)}"
        raise InvalidInputError(message, "fields")
    return frozenset(fields)


def filter_of(asked: Asked) -> contract.JsonObject | None:
    """Return the query's filter; raises InvalidInputError where it is no JSON object."""
    given = asked.query.get("filter")
    if given is None:
        return None
    try:
        return decode_json(given.encode(), dict[str, Any])
    except InvalidInputError as error:
        message = f"the filter in the query is no object: {error}"
        raise InvalidInputError(message, "filter") from error


def listed(document: contract.Document, fields: frozenset[str] | None, include: contract.Include) -> dict[str, Any]:
    """Return the fields of a document that were asked for."""
    body = to_body(document)
    if fields is None:
        return body
    more = {name for name, asked in (("vector", include.vector), ("passages", include.passages)) if asked}
    return {name: value for name, value in body.items() if name in fields | more}


ROUTES = [list_documents, count, facets]
