"""The one place where the engine and the documents are put together: settings in, a backend out."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
from prometheus_client import CollectorRegistry, Info
from tokenizers import Tokenizer

from models.tokenizer import open_tokenizer
from server.contract.collections import CollectionSettings, CollectionState
from server.contract.documents import (
    Document,
    DocumentPage,
    Facet,
    Found,
    Include,
    JsonObject,
    Line,
    LinesWritten,
    Projection,
    Search,
    Written,
)
from server.contract.embedding import Demand, Embeddings, Input, Token
from server.contract.facts import Facts
from server.contract.status import CacheStatus, MetricFamily, QueueStatus, Status
from server.documents.collections import Collections
from server.documents.computing import Cuttings
from server.documents.cutting import Cutter
from server.documents.documents import Documents
from server.documents.gauges import IndexCollector
from server.documents.ingest import Ingest
from server.documents.library import Library, open_library
from server.documents.listing import Listing
from server.documents.passages import Passages
from server.documents.reindexing import Reindexing
from server.documents.retrieval import Retrieval
from server.documents.settings import SettingsRules
from server.documents.titles import Titles
from server.engine.admitted import admitted
from server.engine.assembly import build_engine, facts_of, labels_of
from server.engine.embedder import Embedder
from server.engine.engine import Engine
from server.engine.gauges import EngineCollector, families_of
from server.engine.metrics import Metrics
from server.engine.scheduling.watchdog import Watchdog
from server.engine.sessions.loading import LoadedModel, OpenTokenizer, load_model
from server.engine.sessions.selfcheck import OpenSession
from server.engine.tokenization import untruncated
from server.engine.tokens import Tokens
from server.engine.windows import Windows
from server.settings import Settings


class Parts(msgspec.Struct, frozen=True):
    model: LoadedModel
    facts: Facts
    metrics: Metrics
    engine: Engine
    embedder: Embedder
    tokens: Tokens
    watchdog: Watchdog
    library: Library
    documents: Documents
    listing: Listing
    collections: Collections
    retrieval: Retrieval
    reindexing: Reindexing
    cut: Passages


def build_backend(
    settings: Settings,
    sessions: Mapping[str, OpenSession] | None = None,
    tokenizer_opener: OpenTokenizer = open_tokenizer,
) -> "LocalBackend":
    """Load and check the model, open the index, and put the parts together; nothing runs yet.

    `sessions` opens a graph of each layout, if not as the settings say, `tokenizer_opener` the tokenizer.

    Raises:
        ArtifactError: the artifact is missing or damaged; the message names the file.
        StartError: the provider cannot be used, or no variant passes the self-check.
        IndexRoomError: the data folder is in use, cannot be written, or its files are damaged.
    """
    model = load_model(settings, sessions, tokenizer_opener)
    facts, metrics, whole = facts_of(settings, model), Metrics(CollectorRegistry()), untruncated(model.tokenizer)
    engine = build_engine(settings, model, metrics)
    embedder = Embedder(engine, facts, settings, Windows(whole, facts.max_tokens))
    binding = facts.fingerprint, facts.dimensions, facts.variant.fingerprint
    library = open_library(settings.data, binding, model.cores, settings.index_recall, settings.index_bytes)
    cut, rules = cut_of(whole, facts), SettingsRules(facts.passage_tokens, settings.search_threshold)
    ingest = Ingest(library, embedder, Cuttings(cut, rules), metrics, facts.document_prompt)
    reindexing = Reindexing(library, embedder, Cuttings(cut, rules), facts.document_prompt)
    parts = Parts(
        model=model,
        facts=facts,
        metrics=metrics,
        engine=engine,
        embedder=embedder,
        tokens=Tokens(whole),
        watchdog=Watchdog(engine.workers.slots.longest_s, settings.run_timeout_s, engine.workers.break_down),
        library=library,
        documents=Documents(engine, library, ingest),
        listing=Listing(engine, library, settings.max_body_bytes),
        collections=Collections(engine, library, reindexing, rules),
        retrieval=Retrieval(library, embedder, metrics, rules, facts.query_prompt, settings.max_body_bytes),
        reindexing=reindexing,
        cut=cut,
    )
    return LocalBackend(registered(parts))


def cut_of(tokenizer: Tokenizer, facts: Facts) -> Passages:
    """Return what cuts texts into passages that the model reads whole with the prompt for documents before them."""
    prompt = facts.prompts[facts.document_prompt] if facts.document_prompt is not None else None
    return Passages(Cutter(tokenizer, facts.max_tokens, prompt), Titles(tokenizer))


def registered(parts: Parts) -> Parts:
    """Register the model's metrics, and those that are read at each scrape; return the parts."""
    registry = parts.metrics.registry
    registry.register(EngineCollector(parts.engine))
    registry.register(IndexCollector(parts.library.index))
    Info("vecd_model", "The model that is served.", registry=registry).info(labels_of(parts.facts))
    return parts


class LocalBackend:
    """The `Backend` in the process of the engine. `parts` is for benchmarks and tests."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._engine, self._embedder = parts.engine, parts.embedder
        self._documents, self._listing, self._collections = parts.documents, parts.listing, parts.collections

    @property
    def facts(self) -> Facts:
        return self.parts.facts

    @property
    def broken(self) -> bool:
        """True once the engine can never compute again; the process must end."""
        return self._engine.workers.broken is not None

    def call_when_broken(self, callback: Callable[[], None]) -> None:
        """Set a callback that is called once, from any thread, when the engine breaks."""
        self._engine.workers.call_when_broken(callback)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work until the block ends; then finish the work in progress, and close the files."""
        self.parts.engine.start()
        self.parts.watchdog.start()
        async with AsyncExitStack() as leaving:  # the library is closed last: the others write to it
            closing = (self.parts.library, self.parts.cut, self.parts.tokens, self.parts.embedder)
            for close in (*(one.close for one in closing), self.parts.watchdog.stop, self.parts.engine.close):
                leaving.callback(close)
            leaving.push_async_callback(self.parts.reindexing.stop)
            yield

    async def embed(self, texts: Sequence[Input], demand: Demand) -> Embeddings:
        return await self._embedder.embed(texts, demand)

    async def tokenize(self, texts: Sequence[str], demand: Demand, *, add_special_tokens: bool) -> list[list[Token]]:
        async with admitted(self._engine, demand):
            await self._embedder.check(texts, demand)
            prompted = [str(text) for text in self._embedder.prompted(texts, demand.prompt)]
            return await self.parts.tokens.tokenize(
                prompted, add_special_tokens=add_special_tokens, client=demand.client
            )

    async def detokenize(self, ids: Sequence[Sequence[int]], demand: Demand, *, skip_special_tokens: bool) -> list[str]:
        async with admitted(self._engine, demand):
            return await self.parts.tokens.decode(ids, skip_special_tokens=skip_special_tokens, client=demand.client)

    async def put(self, name: str, documents: Sequence[Document], demand: Demand) -> Written:
        return await self._documents.put(name, documents, demand)

    def keep(self, name: str, groups: AsyncIterator[Sequence[Line]], demand: Demand) -> AsyncGenerator[LinesWritten]:
        return self._documents.keep(name, groups, demand)

    async def patch(self, name: str, document_id: str, metadata: JsonObject, demand: Demand) -> Document:
        return await self._documents.patch(name, document_id, metadata, demand)

    async def delete(self, name: str, document_id: str, demand: Demand) -> None:
        await self._documents.delete(name, document_id, demand)

    async def delete_many(self, name: str, ids: Sequence[str], demand: Demand) -> int:
        return await self._documents.delete_many(name, ids, demand)

    async def delete_matching(self, name: str, condition: JsonObject, demand: Demand) -> int:
        return await self._documents.delete_matching(name, condition, demand)

    async def get(self, name: str, document_id: str, demand: Demand, include: Include) -> Document:
        return await self._documents.get(name, document_id, demand, include)

    async def list_after(
        self, name: str, after: str, limit: int, demand: Demand, include: Include, condition: JsonObject | None = None
    ) -> DocumentPage:
        return await self._listing.list_after(name, after, limit, demand, include, condition)

    async def count(self, name: str, condition: JsonObject | None, demand: Demand) -> int:
        return await self._listing.count(name, condition, demand)

    async def facets(
        self, name: str, fields: Sequence[str], condition: JsonObject | None, limit: int, demand: Demand
    ) -> dict[str, Facet]:
        return await self._listing.facets(name, fields, condition, limit, demand)

    async def projection(
        self, name: str, field: str | None, condition: JsonObject | None, limit: int, demand: Demand
    ) -> Projection:
        return await self._listing.projection(name, field, condition, limit, demand)

    async def search(self, name: str, searches: Sequence[Search], demand: Demand) -> Found:
        async with admitted(self._engine, demand):
            return await self.parts.retrieval.search(name, searches, demand)

    async def create(self, name: str, settings: CollectionSettings, demand: Demand) -> CollectionState:
        return await self._collections.create(name, settings, demand)

    async def drop(self, name: str, demand: Demand) -> None:
        await self._collections.drop(name, demand)

    async def reindex(self, name: str) -> CollectionState:
        return self._collections.reindex(name)

    async def collection(self, name: str) -> CollectionState:
        return self._collections.one(name)

    async def collections(self) -> list[CollectionState]:
        return self._collections.all()

    async def status(self) -> Status:
        engine = self._engine
        cache, backlog = engine.cache, engine.workers.forecast.backlog()
        return Status(
            ready=engine.ready and self.parts.library.index.well,
            engine_ready=engine.ready,
            active_requests=engine.admission.active,
            cache=CacheStatus(cache.hits, cache.misses, len(cache), cache.used_bytes, cache.size_bytes),
            queue=QueueStatus(backlog.texts, backlog.tokens, backlog.seconds),
            index=self._collections.status(),
        )

    async def metrics(self) -> list[MetricFamily]:
        return families_of(self.parts.metrics.registry)
