"""The one place where things are built: settings in, a daemon out, and the ASGI application around it."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from prometheus_client import CollectorRegistry, Info, ProcessCollector
from tokenizers import Tokenizer

from models import Manifest, fingerprint_variant, load_manifest, open_tokenizer, verify_file
from server.admission import Admission, Bounds
from server.cache import EmbeddingCache
from server.calibration import CostModel, calibrate
from server.cores import granted_cores
from server.daemon import Daemon
from server.edge import Edge
from server.embedding import Embedder
from server.engine import Engine
from server.errors import ServerError, StartError
from server.gauges import EngineCollector
from server.lanes import Plan
from server.metrics import Metrics
from server.problems import handle_http_exception, handle_server_error, handle_unexpected
from server.providers import ProviderChoice, candidate_providers
from server.routes import native, status
from server.scheduler import Queue
from server.selfcheck import ChosenVariant, Host, choose_variant, runtime_version
from server.settings import Settings
from server.tokenization import Tokenization
from server.watchdog import Watchdog
from server.workers import Workers

log = logging.getLogger("vecd")

ROUTES: list[HTTPRouteHandler] = [
    native.embed,
    native.embed_batch,
    native.similarity,
    status.health,
    status.live,
    status.ready,
    status.stats,
    status.metrics,
]

# On a CPU a run of 64 tokens is as quick a token as one of 1,024, and short runs keep the wait short; a GPU wants
# every token it can get.
TOKENS_PER_RUN = {"cpu": 256, "cuda": 16_384}


class _Model(msgspec.Struct, frozen=True):
    """What was loaded, and what it runs on."""

    manifest: Manifest
    tokenizer: Tokenizer
    provider: ProviderChoice
    chosen: ChosenVariant
    cores: int


def build_daemon(settings: Settings) -> Daemon:
    """Load the model, check it, and put the parts together; nothing runs yet.

    Raises:
        ArtifactError: the artifact is missing or damaged; the message names the file.
        StartError: the provider cannot be used, or no variant passes the self-check.
    """
    model = _load(settings)
    metrics = Metrics(CollectorRegistry())
    engine = _build_engine(settings, model, metrics)
    _register(metrics, model, engine)
    return Daemon(
        settings,
        model.manifest,
        model.provider,
        model.chosen,
        model.cores,
        engine,
        Embedder(engine, model.manifest, settings, metrics),
        metrics,
        Watchdog(engine.workers.lanes.longest_s, settings.run_timeout_s, engine.workers.break_down),
    )


def _load(settings: Settings) -> _Model:
    folder = settings.models / settings.model
    manifest = load_manifest(folder)
    tokenizer = open_tokenizer(verify_file(folder, manifest, manifest.tokenizer), manifest.max_tokens)
    cores = settings.cores or granted_cores()
    provider, chosen = _choose(
        candidate_providers(settings.provider),
        lambda name: choose_variant(folder, manifest, tokenizer, Host(name, cores)),
    )
    return _Model(manifest, tokenizer, provider, chosen, cores)


def _build_engine(settings: Settings, model: _Model, metrics: Metrics) -> Engine:
    variant = model.chosen.variant
    fingerprint = fingerprint_variant(model.manifest, variant, runtime_version(variant))
    bounds = Bounds(
        max_concurrent_requests=settings.max_concurrent_requests, max_queue_tokens=settings.max_queue_tokens
    )
    return Engine(
        Admission(bounds),
        EmbeddingCache(settings.cache_bytes, fingerprint),
        Tokenization(model.tokenizer),
        _build_workers(settings, model, metrics),
        model.manifest,
        metrics,
    )


def _build_workers(settings: Settings, model: _Model, metrics: Metrics) -> Workers:
    session, layout, provider = model.chosen.session, model.chosen.variant.layout, model.provider.provider
    probes = [model.tokenizer.encode(probe.text).ids for probe in model.manifest.probes]
    costs = CostModel(calibrate(session, probes, model.manifest.max_tokens))
    # A GPU executes one run at a time; a second thread prepares the next one.
    lanes, threads = (model.cores, model.cores) if provider == "cpu" else (1, 2)
    budget = settings.max_tokens_per_run or TOKENS_PER_RUN[provider]
    plan = Plan(layout=layout, threads=threads, lanes=lanes, max_tokens_per_run=budget, probe=probes[0])
    return Workers(session, Queue(layout), costs, plan, metrics.ran)


def _register(metrics: Metrics, model: _Model, engine: Engine) -> None:
    """Show what is known from the start, and what can be read at any time."""
    metrics.expect([path for route in ROUTES for path in route.paths])
    metrics.registry.register(EngineCollector(engine))
    ProcessCollector(registry=metrics.registry)
    Info("vecd_model", "The model that is served.", registry=metrics.registry).info(
        {
            "name": model.manifest.name,
            "variant": model.chosen.variant.name,
            "precision": model.chosen.variant.precision,
            "provider": model.provider.provider,
            "fingerprint": model.manifest.model_fingerprint,
        }
    )


def _choose(
    candidates: list[ProviderChoice], choose: Callable[[str], ChosenVariant]
) -> tuple[ProviderChoice, ChosenVariant]:
    """Return the first provider on which a variant can serve, with that variant."""
    for candidate in candidates[:-1]:
        try:
            return candidate, choose(candidate.provider)
        except StartError as error:
            log.warning("%s cannot be used: %s", candidate.provider, error)
    return candidates[-1], choose(candidates[-1].provider)


def build_application(daemon: Daemon) -> ASGIApp:
    """Return the ASGI application; its lifespan starts and drains the daemon's engine."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        daemon.engine.start()
        daemon.watchdog.start()
        try:
            yield
        finally:
            daemon.engine.close()
            daemon.watchdog.stop()

    application = Litestar(
        ROUTES,
        lifespan=[lifespan],
        dependencies={
            "embedder": Provide(lambda: daemon.embedder, sync_to_thread=False),
            "daemon": Provide(lambda: daemon, sync_to_thread=False),
        },
        exception_handlers={
            ServerError: handle_server_error,
            HTTPException: handle_http_exception,
            Exception: handle_unexpected,
        },
        request_max_body_size=daemon.settings.max_body_bytes,
        state=State({"settings": daemon.settings}),
        logging_config=None,
        openapi_config=None,
    )
    return Edge(application, daemon.metrics, access_log=daemon.settings.access_log)
