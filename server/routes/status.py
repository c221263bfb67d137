"""Health and statistics: GET /health, /health/live, /health/ready, /stats and /metrics."""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request
from prometheus_client.exposition import choose_encoder

from server.bodies.status import Health, Liveness, Stats, stats_of
from server.daemon import daemon_of
from server.operations import Operation, got
from server.replies import Reply

Asked = Request[Any, Any, Any]
METRICS = Operation(
    summary="Show everything that is counted, for Prometheus",
    about="OpenMetrics for who accepts it.",
    scope="admin",
    response=str,
    gives=("text/plain", "application/openmetrics-text"),
)
NOT_READY = {"retry-after": "1"}


@got(
    "/health",
    Operation(summary="Say that the process is up and has a model", scope=None, response=Health),
)
async def health() -> Reply:
    """Say that the process is up and has a model; it does not listen before."""
    return Reply(msgspec.json.encode(Health()))


@got(
    "/health/live",
    Operation(summary="Say that the event loop turns", scope=None, response=Liveness),
)
async def live() -> Reply:
    """Say that the event loop turns."""
    return Reply(msgspec.json.encode(Liveness("ok")))


@got(
    "/health/ready",
    Operation(
        summary="Say whether requests are taken",
        about="503 while the server drains, a worker is dead or a thread of the index has died.",
        scope=None,
        response=Liveness,
        answers={HTTPStatus.SERVICE_UNAVAILABLE: Liveness},
    ),
)
async def ready(request: Asked) -> Reply:
    """Say whether requests are taken: 503 while the server drains or somebody who works is dead."""
    daemon = daemon_of(request)
    if daemon.engine.ready and daemon.library.index.well:
        return Reply(msgspec.json.encode(Liveness("ready")))
    return Reply(msgspec.json.encode(Liveness("not ready")), status=503, headers=NOT_READY)


@got("/stats", Operation(summary="Count what was done since the start", scope="admin", response=Stats))
async def stats(request: Asked) -> Reply:
    """Count what was done since the start."""
    return Reply(msgspec.json.encode(stats_of(daemon_of(request))))


@got("/metrics", METRICS)
async def metrics(request: Asked) -> Reply:
    """Show everything that is counted."""
    return reply_metrics(request)


def reply_metrics(request: Asked) -> Reply:
    """Show everything that is counted: Prometheus' text format, or OpenMetrics for who accepts that."""
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Reply(encode(daemon_of(request).metrics.registry), media_type=content_type)


ROUTES = [health, live, ready, stats, metrics]
