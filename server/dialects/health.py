"""Readiness and metrics, which several dialects have."""

from prometheus_client.exposition import choose_encoder

from server.dialects.asked import Asked
from server.web.metrics import Scrape
from server.web.operations import Operation
from server.web.replies import Reply

METRICS = Operation(
    id="status_metrics",
    summary="Show everything that is counted, for Prometheus",
    about="In OpenMetrics for clients that accept it.",
    scope="admin",
    response=str,
    gives=("text/plain", "application/openmetrics-text"),
)
NOT_READY = {"retry-after": "1"}


async def reply_metrics(asked: Asked) -> Reply:
    """Return all metrics in Prometheus' text format, or in OpenMetrics for a client that accepts it."""
    context = asked.context
    encode, content_type = choose_encoder(asked.header("accept"))
    status = await asked.backend.status()
    ready = status.engine_ready and not context.lifecycle.draining
    scrape = Scrape(context.metrics, await asked.backend.metrics(), ready=ready, reaches=asked.reaches)
    return Reply(encode(scrape), media_type=content_type)
