"""Documents as points of a plane, for a map of a collection."""

import msgspec

from server.contract.errors import FilterError, FingerprintError
from server.dialects.asked import Asked
from server.dialects.native.bodies.projection import Projection, ProjectionRequest
from server.dialects.native.collection_paths import ADMITTED, COLLECTION, READING, at
from server.dialects.native.routing import on_post
from server.web.encoding import BODIES
from server.web.operations import Operation
from server.web.replies import Reply

# Of a document without its id and its value, which are added: two numbers and what stands between.
POINT_BYTES = 30


@on_post(
    at("/index/projection"),
    Operation(
        id="documents_projection",
        summary="Show documents as points of a plane",
        about="What is similar is near, as far as a plane can show it. It is kept until documents change.",
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
    return await asked.reply_with_texts(msgspec.structs.asdict(found), size)


ROUTES = [project]
