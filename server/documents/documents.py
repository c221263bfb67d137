"""Documents by id: written, changed, deleted, read, each with a place among the requests in progress."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import index
from server.contract.documents import (
    Document,
    Include,
    JsonObject,
    Line,
    LinesWritten,
    Written,
)
from server.contract.embedding import Demand
from server.contract.errors import UnknownDocumentError
from server.documents.converting import document_of, include_of
from server.documents.ingest import Ingest
from server.documents.library import Library
from server.documents.stream import Stream
from server.engine.admitted import admitted, in_time
from server.engine.engine import Engine


class Documents:
    """The calls of the contract about documents by their ids."""

    def __init__(self, engine: Engine, library: Library, ingest: Ingest) -> None:
        self._engine = engine
        self._library = library
        self._ingest = ingest

    async def put(self, name: str, documents: Sequence[Document], demand: Demand) -> Written:
        with self._engine.enter():
            prepared = await self._ingest.prepare(name, documents, demand)  # each group of texts has the caller's time
            async with in_time(self._engine, demand):
                prepared.timing.index_s = await self._ingest.commit(prepared)
        return Written(prepared.tokens, prepared.truncated, prepared.timing)

    def keep(self, name: str, groups: AsyncIterator[Sequence[Line]], demand: Demand) -> AsyncGenerator[LinesWritten]:
        return Stream(self._engine.enter, self._ingest, name, demand).keep(groups)

    async def patch(self, name: str, document_id: str, metadata: JsonObject, demand: Demand) -> Document:
        async with admitted(self._engine, demand):
            collection = self._library.collection(name)
            found = await self._library.commit((demand.client, 1), collection.patch, document_id, metadata)
        return _known(found, document_id)

    async def delete(self, name: str, document_id: str, demand: Demand) -> None:
        async with admitted(self._engine, demand):
            collection = self._library.collection(name)
            found = await self._library.commit((demand.client, 1), collection.delete, document_id)
        if not found:
            raise _unknown(document_id)

    async def delete_many(self, name: str, ids: Sequence[str], demand: Demand) -> int:
        async with admitted(self._engine, demand):
            collection = self._library.collection(name)
            return await self._library.commit((demand.client, len(ids)), collection.delete_many, ids)

    async def delete_matching(self, name: str, condition: JsonObject, demand: Demand) -> int:
        async with admitted(self._engine, demand):
            collection = self._library.collection(name)
            deletion, batches = await self._library.find(demand.client, sought, collection, condition)
            deleted = 0
            for ids in batches:
                deleted += await self._library.commit((demand.client, len(ids)), deletion.remove, ids)
            return deleted

    async def get(self, name: str, document_id: str, demand: Demand, include: Include) -> Document:
        async with admitted(self._engine, demand):
            collection = self._library.collection(name)
            found = await self._library.run(demand.client, collection.get, document_id, include_of(include))
        return _known(found, document_id)


def sought(collection: index.Collection, condition: JsonObject) -> tuple[index.Deletion, list[Sequence[str]]]:
    """Return the deletion of what matches a filter, and the ids of what matches now in the parts in which it goes."""
    deletion = collection.delete_matching(condition)
    return deletion, deletion.batches()


def _known(found: index.Document | None, document_id: str) -> Document:
    if found is None:
        raise _unknown(document_id)
    return document_of(found)


def _unknown(document_id: str) -> UnknownDocumentError:
    return UnknownDocumentError(f"there is no document {document_id!r}", "id")
