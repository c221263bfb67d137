"""The one place where things are built: settings in, a daemon out, and the ASGI application around it."""

import datetime
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp
from prometheus_client import CollectorRegistry, Info, ProcessCollector
from tokenizers import Tokenizer

from index import IndexRoomError
from models import Manifest, fingerprint_variant, load_manifest, open_tokenizer, verify_file
from server.access import Access, Policy
from server.admission import Admission, Bounds
from server.cache import EmbeddingCache
from server.calibration import CostModel, calibrate
from server.cores import granted_cores
from server.daemon import STATE, Daemon
from server.edge import Edge
from server.embedding import Embedder
from server.engine import Engine
from server.errors import ServerError, SettingsError, StartError
from server.gauges import EngineCollector
from server.hosts import Hosts
from server.index_gauges import IndexCollector
from server.ingest import Ingest
from server.intake import Intake
from server.keys import KeyRing
from server.lanes import Plan
from server.library import Library, open_library
from server.metrics import Metrics
from server.names import ModelNames
from server.openapi import template_of
from server.preflight import answering_options
from server.problems import Problems
from server.providers import ProviderChoice, candidate_providers
from server.proxies import behind_proxies
from server.rates import Rates
from server.reindexing import Reindexing
from server.retrieval import Retrieval
from server.routes import docs
from server.scheduler import Queue
from server.selfcheck import ChosenVariant, Host, choose_variant, runtime_version
from server.settings import Settings, listed
from server.surface import DIALECTS, ROUTES
from server.tokenization import Tokenization
from server.tokens import Tokens
from server.watchdog import Watchdog
from server.workers import Workers

log = logging.getLogger("vecd")

# As browsers send it (RFC 6454, section 6.2): a scheme and a host, in lower case, perhaps a port, and nothing more.
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\sA-Z]+")
# What scripts of other origins may read of an answer.
EXPOSED = ("x-request-id", "x-embedding-shape", "x-truncated-inputs", "server-timing", "ratelimit", "retry-after")
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
        IndexRoomError: see `server/library.py`.
    """
    keys = KeyRing(settings.keys)
    model = _load(settings)
    metrics = Metrics(CollectorRegistry())
    engine = _build_engine(settings, model, metrics)
    embedder = Embedder(engine, model.manifest, settings, metrics)
    library = open_library(settings.data, model.manifest, _fingerprint(model), model.cores)
    _register(metrics, model, engine, library)
    aliases = [*model.manifest.aliases, *listed(settings.model_alias)]
    return Daemon(
        settings=settings,
        manifest=model.manifest,
        provider=model.provider,
        chosen=model.chosen,
        cores=model.cores,
        engine=engine,
        embedder=embedder,
        metrics=metrics,
        watchdog=Watchdog(engine.workers.lanes.longest_s, settings.run_timeout_s, engine.workers.break_down),
        names=ModelNames(model.manifest.name, aliases),
        keys=keys,
        rates=Rates(settings.requests_per_minute, settings.tokens_per_minute),
        intake=Intake(settings.max_bodies_bytes),
        tokens=Tokens(model.tokenizer),
        library=library,
        ingest=Ingest(library, embedder, metrics),
        retrieval=Retrieval(library, embedder, metrics, settings),
        reindexing=Reindexing(library, embedder),
        started=datetime.datetime.now(datetime.UTC),
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
    bounds = Bounds(
        max_concurrent_requests=settings.max_concurrent_requests, max_queue_tokens=settings.max_queue_tokens
    )
    return Engine(
        Admission(bounds),
        EmbeddingCache(settings.cache_bytes, _fingerprint(model)),
        Tokenization(model.tokenizer),
        _build_workers(settings, model, metrics),
        model.manifest,
        metrics,
    )


def _fingerprint(model: _Model) -> str:
    variant = model.chosen.variant
    return fingerprint_variant(model.manifest, variant, runtime_version(variant))


def _build_workers(settings: Settings, model: _Model, metrics: Metrics) -> Workers:
    session, layout, provider = model.chosen.session, model.chosen.variant.layout, model.provider.provider
    probes = [model.tokenizer.encode(probe.text).ids for probe in model.manifest.probes]
    costs = CostModel(calibrate(session, probes, model.manifest.max_tokens))
    # A GPU executes one run at a time; a second thread prepares the next one.
    lanes, threads = (model.cores, model.cores) if provider == "cpu" else (1, 2)
    budget = settings.max_tokens_per_run or TOKENS_PER_RUN[provider]
    plan = Plan(layout=layout, threads=threads, lanes=lanes, max_tokens_per_run=budget, probe=probes[0])
    return Workers(session, Queue(layout), costs, plan, metrics.ran)


def _register(metrics: Metrics, model: _Model, engine: Engine, library: Library) -> None:
    """Show what is known from the start, and what can be read at any time."""
    metrics.expect([template_of(path) for route in ROUTES for path in route.paths])
    metrics.registry.register(EngineCollector(engine))
    metrics.registry.register(IndexCollector(library.index))
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
        async with AsyncExitStack() as leaving:  # whatever fails, the library is closed: last, for others write to it
            for close in (daemon.library.close, daemon.tokens.close, daemon.watchdog.stop, daemon.engine.close):
                leaving.callback(close)
            leaving.push_async_callback(daemon.reindexing.stop)
            yield

    settings, problems = daemon.settings, Problems(DIALECTS)
    origins = _origins(settings)
    application = Litestar(
        [*answering_options(ROUTES), *ROUTES],
        lifespan=[lifespan],
        # As a middleware it would cost a second layer of error handling; as a guard, a copy of the handler.
        before_request=Access(_policy(daemon)).admit,
        cors_config=CORSConfig(allow_origins=origins, expose_headers=list(EXPOSED)) if origins else None,
        exception_handlers={
            ServerError: problems.handle_own_error,
            IndexRoomError: problems.handle_own_error,
            HTTPException: problems.handle_http_exception,
            Exception: problems.handle_unexpected,
        },
        state=State({STATE: daemon, docs.STATE: docs.document(daemon, ROUTES, DIALECTS)}),
        logging_config=None,
        openapi_config=None,
    )
    edge = Edge(application, daemon.metrics, daemon.intake, problems, settings)
    return behind_proxies(edge, listed(settings.trusted_proxies))


def _origins(settings: Settings) -> list[str]:
    """Return the origins whose pages may call."""
    origins = listed(settings.cors_origins)
    for origin in origins:
        if origin != "*" and not ORIGIN.fullmatch(origin):
            message = f"--cors-origins: {origin!r} is no origin, such as https://app.example or http://localhost:3000"
            raise SettingsError(message)
    return origins


def _policy(daemon: Daemon) -> Policy:
    settings = daemon.settings
    names = frozenset(name.lower() for name in (settings.host, *listed(settings.allowed_hosts)))
    return Policy(
        keys=daemon.keys,
        rates=daemon.rates,
        hosts=None if settings.insecure or settings.uds else Hosts(names),
        metrics_port=settings.metrics_port,
        origins=frozenset(_origins(settings)),
    )
