"""What can be asked of the engine and the index at any time: /stats, /health/ready and /metrics are made of it."""

import msgspec


class CacheStatus(msgspec.Struct, frozen=True):
    """The embedding cache, in texts and bytes."""

    hits: int
    misses: int
    entries: int
    used_bytes: int
    size_bytes: int


class QueueStatus(msgspec.Struct, frozen=True):
    """What waits for a run, and the predicted seconds until all of it is done."""

    texts: int
    tokens: int
    seconds: float


class IndexStatus(msgspec.Struct, frozen=True):
    """The documents of all collections, and what they take.

    `pending` documents are found, but not in the graph yet. `foreign` names the collections of another model.
    """

    documents: int
    collections: int
    pending: int
    database_bytes: int
    memory_bytes: int
    foreign: tuple[str, ...]


class Status(msgspec.Struct, frozen=True):
    """`ready` is false while the engine stops, or where a worker or a thread of the index is dead."""

    ready: bool
    engine_ready: bool
    active_requests: int
    cache: CacheStatus
    queue: QueueStatus
    index: IndexStatus


class Sample(msgspec.Struct, frozen=True):
    name: str
    labels: dict[str, str]
    value: float


class MetricFamily(msgspec.Struct, frozen=True):
    """A metric and its samples, in Prometheus' terms."""

    name: str
    documentation: str
    kind: str
    samples: list[Sample]
