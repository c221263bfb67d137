"""Documents by their order and by filters, and all at once: lists, counts, the values of fields, and projections."""

from collections.abc import Callable, Sequence

from index import Collection, parse_filter
from index import Projection as Projected
from server.contract.documents import DocumentPage, Facet, Include, JsonObject, Projection
from server.contract.embedding import Demand
from server.documents.converting import document_of, facets_of, include_of, projection_of
from server.documents.library import Library, translated_errors
from server.documents.sharing import Sharing
from server.engine.admitted import admitted
from server.engine.engine import Engine


class Listing:
    """`max_bytes` bounds texts, metadata and vectors of a page."""

    def __init__(self, engine: Engine, library: Library, max_bytes: int) -> None:
        self._engine = engine
        self._library = library
        self._max_bytes = max_bytes
        self._projecting: Sharing[Projection] = Sharing()

    async def list_after(
        self, name: str, after: str, limit: int, demand: Demand, include: Include, condition: JsonObject | None = None
    ) -> DocumentPage:
        collection = self._library.collection(name)
        async with admitted(self._engine, demand):
            return await self._library.find(demand.client, self._page, collection, after, limit, include, condition)

    def _page(
        self, collection: Collection, after: str, limit: int, include: Include, condition: JsonObject | None
    ) -> DocumentPage:
        wanted = include_of(include)
        found = collection.list_after(after, limit + 1, wanted, max_bytes=self._max_bytes, filter_=condition)
        page, more = found[:limit], len(found) > limit
        if page and not more:  # it may have ended since its documents are large
            more = bool(collection.list_after(page[-1].id, 1, filter_=condition))
        return DocumentPage([document_of(one) for one in page], more)

    async def count(self, name: str, condition: JsonObject | None, demand: Demand) -> int:
        collection = self._library.collection(name)
        async with admitted(self._engine, demand):
            return await self._library.find(demand.client, collection.count, condition)

    async def facets(
        self, name: str, fields: Sequence[str], condition: JsonObject | None, limit: int, demand: Demand
    ) -> dict[str, Facet]:
        collection = self._library.collection(name)
        async with admitted(self._engine, demand):
            return facets_of(await self._library.find(demand.client, collection.facets, fields, condition, limit))

    async def projection(
        self, name: str, field: str | None, condition: JsonObject | None, limit: int, demand: Demand
    ) -> Projection:
        collection = self._library.collection(name)
        with translated_errors():
            collection.check_searchable()
            matching = parse_filter(condition) if condition else None

        async def begin(begun: Callable[[], None]) -> Projection:
            def project() -> Projected:
                begun()
                return collection.projections.project(field, limit, matching)

            return projection_of(await self._library.find(demand.client, project))

        async with admitted(self._engine, demand):
            number = collection.projections.number
            if number is None:  # what somebody began earlier may have documents that have expired since
                return await begin(lambda: None)
            key = collection, number, field, limit, matching
            return await self._projecting.join(key, demand.client, begin)
