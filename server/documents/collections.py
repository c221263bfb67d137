"""Collections as the contract has them: their state, and the progress of reindexing."""

from index import CollectionStats, SettingsChange
from server.contract.collections import (
    CollectionSettings,
    CollectionState,
    GraphState,
    ReindexProgress,
)
from server.contract.embedding import Demand
from server.contract.status import IndexStatus, Lacking
from server.documents.library import Library
from server.documents.reindexing import Reindexing
from server.documents.settings import SettingsRules
from server.engine.admitted import admitted
from server.engine.engine import Engine

PARTS: tuple[Lacking, ...] = ("graph", "words")


class Collections:
    """The calls of the contract about whole collections."""

    def __init__(self, engine: Engine, library: Library, reindexing: Reindexing, rules: SettingsRules) -> None:
        self._engine = engine
        self._library = library
        self._reindexing = reindexing
        self._rules = rules

    async def create(self, name: str, settings: CollectionSettings, demand: Demand) -> CollectionState:
        """Create a collection or find it, then change its settings; those that are refused create none."""
        change = self._rules.change_of(settings)
        async with admitted(self._engine, demand):
            collection = await self._library.manage(self._library.index.create, name)
            if change != SettingsChange():
                await self._library.commit((demand.client, 1), collection.configure, change)
        return self._state_of(collection.stats())

    async def drop(self, name: str, demand: Demand) -> None:
        async with admitted(self._engine, demand):
            await self._library.manage(self._library.index.drop, name)
            self._reindexing.forget(name)

    def reindex(self, name: str) -> CollectionState:
        self._reindexing.start(name)
        return self.one(name)

    def one(self, name: str) -> CollectionState:
        return self._state_of(self._library.collection(name).stats())

    def all(self) -> list[CollectionState]:
        return [self._state_of(stats) for stats in self._library.index.stats()]

    def status(self) -> IndexStatus:
        stats = self._library.index.stats()
        return IndexStatus(
            documents=sum(one.documents for one in stats),
            collections=len(stats),
            pending=sum(one.pending for one in stats),
            database_bytes=sum(one.database_bytes for one in stats),
            memory_bytes=sum(one.memory_bytes for one in stats),
            foreign=tuple(one.name for one in stats if one.state == "foreign"),
            recall=min((one.recall for one in stats if one.recall is not None), default=None),
            exact=sum(one.exact for one in stats),
            recall_target=max((one.recall_target for one in stats), default=None),
            width=max((one.width for one in stats), default=0),
            needed_bytes=sum(one.needed_bytes for one in stats),
            lacking=tuple(part for part in PARTS if any(part in one.lacking for one in stats)),
        )

    def _state_of(self, stats: CollectionStats) -> CollectionState:
        reindexing, progress = self._reindexing.task_of(stats.name), None
        if reindexing is not None or stats.reindex is not None:
            done = 0 if stats.reindex is None else stats.reindex.done
            progress = ReindexProgress(stats.documents, done, None if reindexing is None else reindexing.failure)
        running = reindexing is not None and reindexing.running
        return CollectionState(
            name=stats.name,
            documents=stats.documents,
            fingerprint=stats.fingerprint,
            state="reindexing" if running else stats.state,
            reindex=progress,
            passages=self._rules.passages_of(stats.settings),
            language=stats.settings.language,
            threshold=self._rules.threshold_of(stats.name, stats.settings),
            passages_stale=stats.passages_stale,
            graph=GraphState(stats.recall, stats.recall_target, stats.width, stats.exact),
            pending=stats.pending,
            pending_words=stats.words_pending,
        )
