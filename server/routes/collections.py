"""Collections of the native dialect: listed, made, dropped, reindexed under /collections."""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request

from index import ClosedError, Collection, CollectionNameError, CollectionStats, StorageFullError
from server.addressing import COLLECTION, DELETING, READING, name_of
from server.admitted import ADMITTED, admitted
from server.bodies.collections import (
    CollectionDropped,
    CollectionList,
    CollectionSettings,
    CollectionState,
    ReindexProgress,
)
from server.daemon import Daemon, daemon_of
from server.decoding import decode_body
from server.encoding import BODIES, reply_in
from server.negotiation import media_of
from server.operations import Example, Operation, deleted, got, posted, replaced
from server.replies import Reply

PATH = "/collections/{name:str}"
SAMPLE = {"name": "default", "documents": 3, "fingerprint": "4b1c0d6e", "state": "ready", "reindex": None}

Asked = Request[Any, Any, Any]


@got(
    "/collections",
    Operation(summary="List all collections", scope="search", response=CollectionList, gives=BODIES),
)
async def list_collections(request: Asked) -> Reply:
    """List all collections."""
    daemon = daemon_of(request)
    states = [state_of(daemon, stats) for stats in daemon.library.index.stats()]
    return reply_in(media_of(request.scope), msgspec.to_builtins(CollectionList(states)))


@got(
    PATH,
    Operation(
        summary="Show a collection, and how far its reindexing is",
        scope="search",
        response=CollectionState,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=READING,
    ),
)
async def get(request: Asked) -> Reply:
    """Show a collection."""
    return _reply(request, daemon_of(request).library.collection(name_of(request)))


@replaced(
    PATH,
    Operation(
        summary="Make a collection, unless there is one of this name",
        scope="write",
        request=CollectionSettings,
        response=CollectionState,
        takes=BODIES,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=(CollectionNameError, ClosedError, StorageFullError, *ADMITTED),
        example=Example({}, SAMPLE),
    ),
)
async def create(request: Asked) -> Reply:
    """Make a collection."""
    daemon, name = daemon_of(request), name_of(request)
    await decode_body(request, CollectionSettings)
    async with admitted(request):
        return _reply(request, await daemon.library.manage(daemon.library.index.create, name))


@deleted(
    PATH,
    Operation(
        summary="Drop a collection and its documents",
        about="The default collection is empty afterwards.",
        scope="admin",
        response=CollectionDropped,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=(*DELETING, *ADMITTED),
    ),
)
async def drop(request: Asked) -> Reply:
    """Drop a collection and its documents."""
    daemon, name = daemon_of(request), name_of(request)
    async with admitted(request):
        await daemon.library.manage(daemon.library.index.drop, name)
        daemon.reindexing.forget(name)
    return reply_in(media_of(request.scope), {"deleted": name})


@posted(
    PATH + "/reindex",
    Operation(
        summary="Embed all documents of a collection anew",
        about="In the background; GET /collections/{name} tells how far it is. Searches go on as they were until all "
        "vectors are there, and change at once. Cut off, it goes on where it was when it is asked for again.",
        scope="admin",
        status=HTTPStatus.ACCEPTED,
        response=CollectionState,
        gives=BODIES,
        parameters=(COLLECTION,),
        raises=READING,
    ),
)
async def reindex(request: Asked) -> Reply:
    """Embed all documents of a collection anew."""
    daemon, name = daemon_of(request), name_of(request)
    daemon.reindexing.start(name)
    return _reply(request, daemon.library.collection(name), HTTPStatus.ACCEPTED)


def state_of(daemon: Daemon, stats: CollectionStats) -> CollectionState:
    """Return what is told of a collection."""
    exchange, progress, state = daemon.reindexing.of(stats.name), None, stats.state
    if exchange is not None or stats.reindex is not None:
        done = 0 if stats.reindex is None else stats.reindex.done
        progress = ReindexProgress(stats.documents, done, None if exchange is None else exchange.error)
    return CollectionState(
        name=stats.name,
        documents=stats.documents,
        fingerprint=stats.fingerprint,
        state="reindexing" if exchange is not None and exchange.running else state,
        reindex=progress,
    )


def _reply(request: Asked, collection: Collection, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    told = state_of(daemon_of(request), collection.stats())
    return reply_in(media_of(request.scope), msgspec.to_builtins(told), status=status)


ROUTES = [list_collections, get, create, drop, reindex]
