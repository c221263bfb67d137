"""Documents as points of a plane, for a map of a collection."""

from typing import Any

import msgspec

from server.contract import documents as contract
from server.contract.errors import FilterError, FingerprintError
from server.dialects.asked import Asked
from server.dialects.native.bodies.projection import Projection, ProjectionRequest
from server.dialects.native.collection_paths import ADMITTED, COLLECTION, READING, at
from server.dialects.native.routing import on_post
from server.web.encoding import BODIES, NUMBER_BYTES, encode_array
from server.web.operations import Operation
from server.web.replies import JSON, Reply

# Of a document without its id and its value, which are added: two numbers and what stands between.
POINT_BYTES = 30


@on_post(
    at("/index/projection"),
    Operation(
        id="documents_projection",
        summary="Show documents as points of a plane",
        about="What is similar is near, as far as a plane can show it. The last one without a filter is kept until "
        "documents change, or the last one with a filter while there is none without; with any `field`.",
        scope="search",
        request=ProjectionRequest,
        optional_body=True,
        response=Projection,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=(*READING, *ADMITTED, FingerprintError, FilterError),
    ),
)
async def project(asked: Asked) -> Reply:
    data = await asked.body(ProjectionRequest)
    found = await asked.backend.projection(asked.collection, data.field, data.filter, data.limit, asked.demand())
    size = POINT_BYTES * len(found.ids) + sum(map(len, found.ids))
    size += sum(len(one) for one in found.values if isinstance(one, str))
    content = msgspec.structs.asdict(found)
    if asked.state.media == JSON:
        content |= await columns(found, size)
    return await asked.reply_with_texts(content, size)


async def columns(found: contract.Projection, size_bytes: int) -> dict[str, Any]:
    """Return what there is of each document, as values that orjson writes as arrays; they take so many bytes."""
    count = len(found.ids)
    width = 1 + size_bytes // (NUMBER_BYTES * max(1, count))
    wide = {name: await encode_array(len(of), width, of.__getitem__) for name, of in lists_of(found)}
    return wide | {name: await encode_array(count, 1, of.__getitem__) for name, of in (("x", found.x), ("y", found.y))}


def lists_of(found: contract.Projection) -> tuple[tuple[str, list[Any]], ...]:
    return ("ids", found.ids), ("values", found.values)


ROUTES = [project]
