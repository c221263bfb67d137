"""Health and statistics: GET /health, /health/live, /health/ready, /stats and /metrics."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from prometheus_client.exposition import choose_encoder

from server.daemon import Daemon


@get("/health")
async def health() -> dict[str, Any]:
    """Say that the process is up and has a model; it does not listen before."""
    return {"status": "ok", "model_loaded": True}


@get("/health/live")
async def live() -> dict[str, str]:
    """Say that the event loop turns."""
    return {"status": "ok"}


@get("/health/ready")
async def ready(daemon: NamedDependency[Daemon]) -> Response[dict[str, str]]:
    """Say whether requests are taken: 503 while the server drains or a worker is dead."""
    if daemon.engine.ready:
        return Response({"status": "ready"})
    return Response({"status": "not ready"}, status_code=503, headers={"retry-after": "1"})


@get("/stats")
async def stats(daemon: NamedDependency[Daemon]) -> dict[str, Any]:
    """Count what was done since the start."""
    cache, requests = daemon.engine.cache, daemon.embedder.requests
    backlog = daemon.engine.workers.forecast.backlog()
    looked_up = cache.hits + cache.misses
    return {
        "model": daemon.manifest.name,
        "dimensions": daemon.manifest.dimensions,
        "max_tokens": daemon.manifest.max_tokens,
        "provider": daemon.provider.provider,
        "variant": daemon.chosen.variant.name,
        "fingerprint": daemon.manifest.model_fingerprint,
        "index": {"documents": 0},
        "requests": {
            "embed": requests.embed,
            "batch": requests.batch,
            "search": requests.search,
            "index": requests.index,
        },
        "cache": {
            "hits": cache.hits,
            "misses": cache.misses,
            "hit_rate": cache.hits / looked_up if looked_up else 0.0,
            "entries": len(cache),
            "used_bytes": cache.used_bytes,
            "size_bytes": cache.size_bytes,
        },
        "queue": {"texts": backlog.texts, "tokens": backlog.tokens, "seconds": backlog.seconds},
        "active_requests": daemon.engine.admission.active,
    }


@get("/metrics", sync_to_thread=False)
def metrics(request: Request[Any, Any, Any], daemon: NamedDependency[Daemon]) -> Response[bytes]:
    """Show everything that is counted, for Prometheus: its text format, or OpenMetrics for who accepts that."""
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(daemon.metrics.registry), media_type=content_type)
