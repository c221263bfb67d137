"""What health and statistics look like."""

from typing import Literal

import msgspec


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
