"""The state of the engine and the index at one moment, for /stats, /health/ready and /metrics."""

from typing import Literal

import msgspec

Lacking = Literal["graph", "words"]


class CacheStatus(msgspec.Struct, frozen=True):
    """The embedding cache, in texts and bytes."""

    hits: int
    misses: int
    entries: int
    used_bytes: int
    size_bytes: int


class QueueStatus(msgspec.Struct, frozen=True):
    """Texts that wait for a run, their tokens, and the predicted seconds until all of them are done."""

    texts: int
    tokens: int
    seconds: float


class IndexStatus(msgspec.Struct, frozen=True):
    """The documents of all collections, and the bytes that they take.

    `pending` documents are found by searches, but not in the graph yet. `foreign` names the collections that hold
    another model's vectors. `recall` is the least of theirs that is known, None where none is: how many of the ten
    nearest documents searches through the graph found lately. `exact` collections compare every document, since their
    graphs miss too much. `recall_target` is what all of them must find, `width` how many nodes searches keep in view at
    least, in the collection where they are most. `needed_bytes` of the memory are the documents' own, which
    `--index-bytes` bounds. `lacking` says what of any collection is not there yet, so that searches are slower or wait.
    """

    documents: int
    collections: int
    pending: int
    database_bytes: int
    memory_bytes: int
    foreign: tuple[str, ...]
    recall: float | None = None
    exact: int = 0
    recall_target: float | None = None
    width: int = 0
    needed_bytes: int = 0
    lacking: tuple[Lacking, ...] = ()


class Status(msgspec.Struct, frozen=True):
    """`engine_ready` is false while the engine stops or a worker is dead, `ready` also if a thread of the index is."""

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
