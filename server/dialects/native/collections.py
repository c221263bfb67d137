"""Collections of the native dialect: listed, created, dropped, reindexed under /collections."""

from http import HTTPStatus

from server.contract import documents as contract
from server.contract.errors import ClosedError, CollectionNameError, StorageFullError, error_of
from server.dialects.asked import Asked
from server.dialects.native.bodies.collections import (
    CollectionDropped,
    CollectionList,
    CollectionSettings,
    CollectionState,
    ReindexProgress,
)
from server.dialects.native.collection_paths import ADMITTED, COLLECTION, DELETING, READING
from server.dialects.native.routing import on_delete, on_get, on_post, on_put
from server.web.encoding import BODIES
from server.web.operations import Example, Operation
from server.web.problems import detail_of
from server.web.replies import Reply

PATH = "/collections/{name:str}"
SAMPLE = {"name": "default", "documents": 3, "fingerprint": "4b1c0d6e", "state": "ready", "reindex": None}


@on_get(
    "/collections",
    Operation(
        id="collections_list_collections",
        summary="List all collections",
        scope="search",
        response=CollectionList,
        gives=BODIES,
    ),
)
async def list_collections(asked: Asked) -> Reply:
    return asked.reply(CollectionList([to_body(one) for one in await asked.backend.collections()]))


@on_get(
    PATH,
    Operation(
        id="collections_get",
        summary="Show a collection, and the progress of its reindexing",
        scope="search",
        response=CollectionState,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=READING,
    ),
)
async def get(asked: Asked) -> Reply:
    return asked.reply(to_body(await asked.backend.collection(asked.collection)))


@on_put(
    PATH,
    Operation(
        id="collections_create",
        summary="Create a collection, unless one with this name exists",
        scope="write",
        request=CollectionSettings,
        optional_body=True,
        response=CollectionState,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=(CollectionNameError, ClosedError, StorageFullError, *ADMITTED),
        example=Example({}, SAMPLE),
    ),
)
async def create(asked: Asked) -> Reply:
    await asked.body(CollectionSettings)
    return asked.reply(to_body(await asked.backend.create(asked.collection, asked.demand())))


@on_delete(
    PATH,
    Operation(
        id="collections_drop",
        summary="Drop a collection and its documents",
        about="The default collection is empty afterwards.",
        scope="admin",
        response=CollectionDropped,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=(*DELETING, *ADMITTED),
    ),
)
async def drop(asked: Asked) -> Reply:
    await asked.backend.drop(asked.collection, asked.demand())
    return asked.reply({"deleted": asked.collection})


@on_post(
    PATH + "/reindex",
    Operation(
        id="collections_reindex",
        summary="Embed all documents of a collection again",
        about="In the background; GET /collections/{name} shows the progress. Searches use the old vectors until all "
        "new ones are there. Reindexing that was interrupted continues where it was when it is requested again.",
        scope="admin",
        status=HTTPStatus.ACCEPTED,
        response=CollectionState,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=READING,
    ),
)
async def reindex(asked: Asked) -> Reply:
    state = await asked.backend.reindex(asked.collection)
    return asked.reply(to_body(state), status=HTTPStatus.ACCEPTED)


def to_body(state: contract.CollectionState) -> CollectionState:
    progress, reindex = None, state.reindex
    if reindex is not None:
        error = None if reindex.failure is None else detail_of(error_of(reindex.failure))
        progress = ReindexProgress(reindex.documents, reindex.done, error)
    return CollectionState(state.name, state.documents, state.fingerprint, state.state, progress)


ROUTES = [list_collections, get, create, drop, reindex]
