"""The one place where things are built: settings in, a daemon out, and the ASGI application around it."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from models import fingerprint_variant, load_manifest, open_tokenizer, verify_file
from server.admission import Admission
from server.cache import EmbeddingCache
from server.cores import granted_cores
from server.daemon import Daemon
from server.edge import RequestIds
from server.embedding import Embedder
from server.engine import Engine
from server.errors import ServerError, StartError
from server.problems import handle_http_exception, handle_server_error, handle_unexpected
from server.providers import ProviderChoice, candidate_providers
from server.routes import native, status
from server.scheduler import Queue
from server.selfcheck import ChosenVariant, Host, choose_variant, runtime_version
from server.settings import Settings
from server.tokenization import Tokenization
from server.workers import Workers

log = logging.getLogger("vecd")

# On a CPU a run of 64 tokens is as quick a token as one of 1,024, and short runs keep the wait short; a GPU wants
# every token it can get.
TOKENS_PER_RUN = {"cpu": 256, "cuda": 16_384}


def build_daemon(settings: Settings) -> Daemon:
    """Load the model, check it, and put the parts together; nothing runs yet.

    Raises:
        ArtifactError: the artifact is missing or damaged; the message names the file.
        StartError: the provider cannot be used, or no variant passes the self-check.
    """
    folder = settings.models / settings.model
    manifest = load_manifest(folder)
    tokenizer = open_tokenizer(verify_file(folder, manifest, manifest.tokenizer), manifest.max_tokens)
    cores = settings.cores or granted_cores()
    provider, chosen = _choose(
        candidate_providers(settings.provider),
        lambda name: choose_variant(folder, manifest, tokenizer, Host(name, cores)),
    )
    engine = Engine(
        Admission(settings.max_concurrent_requests),
        EmbeddingCache(
            settings.cache_bytes, fingerprint_variant(manifest, chosen.variant, runtime_version(chosen.variant))
        ),
        Tokenization(tokenizer),
        Workers(
            chosen.session,
            Queue(mixed_lengths=chosen.variant.layout == "ragged"),
            cores if provider.provider == "cpu" else 1,
            settings.max_tokens_per_run or TOKENS_PER_RUN[provider.provider],
            settings.max_queue_tokens,
        ),
        manifest,
    )
    return Daemon(settings, manifest, provider, chosen, cores, engine, Embedder(engine, manifest, settings))


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
        try:
            yield
        finally:
            daemon.engine.close()

    return RequestIds(
        Litestar(
            [
                native.embed,
                native.embed_batch,
                native.similarity,
                status.health,
                status.live,
                status.ready,
                status.stats,
            ],
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
    )
