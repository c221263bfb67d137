"""Health and statistics: GET /health, /health/live, /health/ready, /stats and /metrics."""

from http import HTTPStatus

import msgspec

from server.contract.facts import Fidelity
from server.contract.status import IndexStatus, Status
from server.dialects.asked import Asked
from server.dialects.health import METRICS, NOT_READY, reply_metrics
from server.dialects.native.bodies.status import (
    CacheStats,
    FidelityStats,
    Health,
    IndexStats,
    Liveness,
    QueueStats,
    Readiness,
    RequestStats,
    Stats,
)
from server.dialects.native.reached import index_of
from server.dialects.native.routing import on_get
from server.web.operations import Operation
from server.web.replies import Reply


@on_get(
    "/health",
    Operation(id="status_health", summary="Say that the process runs and has a model", scope=None, response=Health),
)
async def health(asked: Asked) -> Reply:
    """Answer always: the process takes requests only once it has a model."""
    return asked.reply(Health())


@on_get(
    "/health/live",
    Operation(id="status_live", summary="Say that the event loop runs", scope=None, response=Liveness),
)
async def live(asked: Asked) -> Reply:
    return asked.reply(Liveness())


@on_get(
    "/health/ready",
    Operation(
        id="status_ready",
        summary="Say whether requests are taken",
        about="503 while the server drains, a worker is dead or a thread of the index has died. Where `lacking` is "
        "told, answers are right already, and take longer until it is there.",
        scope=None,
        response=Readiness,
        answers={HTTPStatus.SERVICE_UNAVAILABLE: Readiness},
    ),
)
async def ready(asked: Asked) -> Reply:
    status = await asked.backend.status()
    lacking = list(status.index.lacking)
    if status.ready and not asked.context.lifecycle.draining:
        return asked.reply(Readiness("ready", lacking))
    return asked.reply(Readiness("not ready", lacking), status=503, headers=NOT_READY)


@on_get(
    "/stats",
    Operation(id="status_stats", summary="Show counts since the start", scope="admin", response=Stats),
)
async def stats(asked: Asked) -> Reply:
    status = await asked.backend.status()
    if asked.caller.key is not None and asked.caller.key.collections is not None:
        status = msgspec.structs.replace(status, index=index_of(await asked.backend.metrics(), asked.reaches))
    return asked.reply(_stats(asked, status))


@on_get("/metrics", METRICS)
async def metrics(asked: Asked) -> Reply:
    return await reply_metrics(asked)


def _stats(asked: Asked, status: Status) -> Stats:
    facts, cache, queue, index = asked.facts, status.cache, status.queue, status.index
    requests, looked_up = asked.context.metrics.requests, cache.hits + cache.misses
    return Stats(
        model=facts.name,
        dimensions=facts.dimensions,
        max_tokens=facts.max_tokens,
        provider=facts.provider,
        variant=facts.variant.name,
        attention=facts.variant.attention,
        cores=facts.cores,
        fidelity=_fidelity(facts.variant.fidelity),
        fingerprint=facts.fingerprint,
        index=_index(index),
        requests=RequestStats(requests.embed, requests.batch, requests.search, requests.index),
        cache=CacheStats(
            cache.hits,
            cache.misses,
            cache.hits / looked_up if looked_up else 0.0,
            cache.entries,
            cache.used_bytes,
            cache.size_bytes,
        ),
        queue=QueueStats(queue.texts, queue.tokens, queue.seconds),
        active_requests=status.active_requests,
    )


def _fidelity(fidelity: Fidelity) -> FidelityStats:
    return FidelityStats(fidelity.mean, fidelity.least, fidelity.measured_on, fidelity.on_probes)


def _index(index: IndexStatus) -> IndexStats:
    return IndexStats(
        index.documents,
        index.collections,
        index.pending,
        index.database_bytes,
        index.memory_bytes,
        index.recall,
        index.exact,
        index.recall_target,
        index.width,
    )


ROUTES = [health, live, ready, stats, metrics]
