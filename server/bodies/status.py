"""What health and statistics look like."""

from typing import Literal

import msgspec

from server.daemon import Daemon


class Health(msgspec.Struct):
    """The process is up and has a model."""

    status: Literal["ok"] = "ok"
    model_loaded: Literal[True] = True


class Liveness(msgspec.Struct):
    """One word."""

    status: Literal["ok", "ready", "not ready"]


class IndexStats(msgspec.Struct):
    """The documents of all collections, how many of them the graphs lack, and what they take."""

    documents: int
    collections: int
    pending: int
    database_bytes: int
    memory_bytes: int


class RequestStats(msgspec.Struct):
    """Requests whose body was understood; all but /embed/batch count as embed."""

    embed: int
    batch: int
    search: int
    index: int


class CacheStats(msgspec.Struct):
    """The embedding cache, in texts and bytes."""

    hits: int
    misses: int
    hit_rate: float
    entries: int
    used_bytes: int
    size_bytes: int


class QueueStats(msgspec.Struct):
    """What waits for a run, and the predicted time until that is done."""

    texts: int
    tokens: int
    seconds: float


class Stats(msgspec.Struct, kw_only=True):
    """The model, and what was done since the start."""

    model: str
    dimensions: int
    max_tokens: int
    provider: str
    variant: str
    fingerprint: str
    index: IndexStats
    requests: RequestStats
    cache: CacheStats
    queue: QueueStats
    active_requests: int


def _index_stats(daemon: Daemon) -> IndexStats:
    stats = daemon.library.index.stats()
    return IndexStats(
        documents=sum(one.documents for one in stats),
        collections=len(stats),
        pending=sum(one.pending for one in stats),
        database_bytes=sum(one.database_bytes for one in stats),
        memory_bytes=sum(one.memory_bytes for one in stats),
    )


def stats_of(daemon: Daemon) -> Stats:
    """Read them."""
    cache, requests = daemon.engine.cache, daemon.embedder.requests
    backlog = daemon.engine.workers.forecast.backlog()
    looked_up = cache.hits + cache.misses
    return Stats(
        model=daemon.manifest.name,
        dimensions=daemon.manifest.dimensions,
        max_tokens=daemon.manifest.max_tokens,
        provider=daemon.provider.provider,
        variant=daemon.chosen.variant.name,
        fingerprint=daemon.manifest.model_fingerprint,
        index=_index_stats(daemon),
        requests=RequestStats(requests.embed, requests.batch, requests.search, requests.index),
        cache=CacheStats(
            cache.hits,
            cache.misses,
            cache.hits / looked_up if looked_up else 0.0,
            len(cache),
            cache.used_bytes,
            cache.size_bytes,
        ),
        queue=QueueStats(backlog.texts, backlog.tokens, backlog.seconds),
        active_requests=daemon.engine.admission.active,
    )
