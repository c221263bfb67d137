"""Collections of the native dialect: listed, created, dropped, reindexed under /collections."""

from http import HTTPStatus

from msgspec import UNSET, UnsetType

from server.contract import collections as contract
from server.contract.errors import (
    ClosedError,
    CollectionNameError,
    CollectionSettingsError,
    InvalidInputError,
    StorageFullError,
    error_of,
)
from server.dialects.asked import Asked
from server.dialects.native.bodies.collections import (
    CollectionDropped,
    CollectionList,
    CollectionSettings,
    CollectionState,
    Graph,
    Passages,
    PassageSettings,
    ReindexProgress,
)
from server.dialects.native.bodies.told import CollectionPut
from server.dialects.native.collection_paths import ADMITTED, COLLECTION, DELETING, READING
from server.dialects.native.routing import on_delete, on_get, on_post, on_put
from server.web.encoding import BODIES
from server.web.operations import Example, Operation
from server.web.problems import detail_of
from server.web.replies import Reply

PATH = "/collections/{name:str}"
SAMPLE = {
    "name": "notes",
    "documents": 3,
    "fingerprint": "4b1c0d6e",
    "state": "ready",
    "reindex": None,
    "passages": {"max_tokens": 200, "overlap_tokens": 50},
    "language": "english",
    "threshold": None,
    "passages_stale": False,
    "graph": {"recall": 0.996, "target": 0.98, "width": 128, "exact": False},
    "pending": 0,
    "pending_words": 0,
}


@on_get(
    "/collections",
    Operation(
        id="collections_list_collections",
        summary="List all collections that the key reaches",
        scope="search",
        response=CollectionList,
        gives=BODIES,
    ),
)
async def list_collections(asked: Asked) -> Reply:
    return asked.reply(
        CollectionList([to_body(one) for one in await asked.backend.collections() if asked.reaches(one.name)])
    )


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
        summary="Create a collection, unless one with this name exists, or change its settings",
        about="Settings that are left out stay as they are; a new collection has passages of 200 tokens that share 50 "
        "(shorter ones where the model reads less), English words and no threshold, the collection `default` that of "
        "`--search-threshold`. Other `passages` hold for documents that are written afterwards, and for all once the "
        "collection is reindexed. Another `language` has the words of all documents indexed anew: searches by words "
        'wait until most are. A key without the scope search gets `{"put": name}` in place of the collection.',
        scope="write",
        request=CollectionSettings,
        optional_body=True,
        response=CollectionState | CollectionPut,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=(CollectionNameError, CollectionSettingsError, ClosedError, StorageFullError, *ADMITTED),
        example=Example({"language": "german", "threshold": 0.3}, SAMPLE | {"language": "german", "threshold": 0.3}),
    ),
)
async def create(asked: Asked) -> Reply:
    settings = settings_of(await asked.body(CollectionSettings))
    state = await asked.backend.create(asked.collection, settings, asked.demand())
    return asked.reply(to_body(state) if asked.caller.has("search") else CollectionPut(state.name))


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


def settings_of(data: CollectionSettings) -> contract.CollectionSettings:
    passages: contract.PassagesAsked | UnsetType | None = UNSET
    if isinstance(data.passages, PassageSettings):
        most, overlap = data.passages.max_tokens, data.passages.overlap_tokens
        passages = contract.PassagesAsked(None if most is UNSET else most, None if overlap is UNSET else overlap)
    elif data.passages is not UNSET:
        if data.passages:
            message = "passages is an object or false; {} has the usual ones"
            raise InvalidInputError(message, "passages")
        passages = None
    return contract.CollectionSettings(passages, data.language, data.threshold)


def to_body(state: contract.CollectionState) -> CollectionState:
    progress, reindex = None, state.reindex
    if reindex is not None:
        error = None if reindex.failure is None else detail_of(error_of(reindex.failure))
        progress = ReindexProgress(reindex.documents, reindex.done, error)
    cut = state.passages
    return CollectionState(
        name=state.name,
        documents=state.documents,
        fingerprint=state.fingerprint,
        state=state.state,
        passages=False if cut is None else Passages(cut.max_tokens, cut.overlap_tokens),
        language=state.language,
        threshold=state.threshold,
        passages_stale=state.passages_stale,
        pending=state.pending,
        pending_words=state.pending_words,
        reindex=progress,
        graph=Graph(state.graph.recall, state.graph.target, state.graph.width, state.graph.exact),
    )


ROUTES = [list_collections, get, create, drop, reindex]
