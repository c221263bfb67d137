"""Bodies of health and statistics."""

from typing import Literal

import msgspec

from server.contract.status import Lacking


class Health(msgspec.Struct):
    """The process runs and has a model."""

    status: Literal["ok"] = "ok"
    model_loaded: Literal[True] = True


class Liveness(msgspec.Struct):
    """The event loop runs."""

    status: Literal["ok"] = "ok"


class Readiness(msgspec.Struct, omit_defaults=True):
    """Whether requests are taken, and what some collection still lacks, if it is anything.

    Without its graph, as after a start, searches compare every document: they are exact, and slower. Without its index
    of words searches by words wait.
    """

    status: Literal["ready", "not ready"]
    lacking: list[Lacking] = []


class IndexStats(msgspec.Struct):
    """The documents of all collections that the key reaches, and the bytes that they take.

    `pending` documents are not in the graphs yet, and found all the same.
    `recall` is the share of the ten nearest documents that searches through the graphs found lately, in the collection
    where it is least, and null before it is known; `recall_target` is the least that they must find (--index-recall).
    `width` is how many nodes searches keep in view at least, in the collection where they are most. `exact`
    collections compare every document in each search, since their graphs do not reach the target.
    """

    documents: int
    collections: int
    pending: int
    database_bytes: int
    memory_bytes: int
    recall: float | None
    exact: int
    recall_target: float | None
    width: int


class RequestStats(msgspec.Struct):
    """Requests whose body was understood; those that embed count as `embed`, those of /embed/batch as `batch`."""

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
    """Texts that wait for a run, their tokens, and the predicted seconds until all of them are done."""

    texts: int
    tokens: int
    seconds: float


class FidelityStats(msgspec.Struct):
    """How near embeddings are to those of fp32, as cosines: `mean` and `least` at the export.

    `measured_on` is the provider that computed them then; `on_probes` is the least on the golden probes at this start.
    """

    mean: float
    least: float
    measured_on: str
    on_probes: float


class Stats(msgspec.Struct, kw_only=True):
    """The model, and counts since the start.

    `attention` says in which numbers that of the fused operators computes, f32, bf16 or tiles; null for other variants.
    `cores` is how many runs there are side by side.
    """

    model: str
    dimensions: int
    max_tokens: int
    provider: str
    variant: str
    attention: str | None
    cores: int
    fidelity: FidelityStats
    fingerprint: str
    index: IndexStats
    requests: RequestStats
    cache: CacheStats
    queue: QueueStats
    active_requests: int
