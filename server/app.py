"""The one place where HTTP is put together: settings and a backend in, an application out."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp
from prometheus_client import CollectorRegistry

from server.access.access import Access, Policy
from server.access.hosts import Hosts
from server.access.keys import KeyRing
from server.access.proxies import behind_proxies
from server.access.rates import Rates
from server.console import page as console
from server.contract.backend import Backend
from server.contract.errors import ServerError
from server.contract.estimate import TokenEstimate
from server.contract.names import ModelNames
from server.openapi import page, template_of
from server.routes import DIALECTS, ROUTES
from server.settings import Settings
from server.web.aside import new_turns
from server.web.body_budget import BodyBudget
from server.web.context import STATE, Context
from server.web.edge import Edge
from server.web.exact_paths import ExactPaths
from server.web.headers import EXPOSED
from server.web.lifecycle import Lifecycle
from server.web.metrics import WebMetrics
from server.web.operations import KEY as OPERATION
from server.web.preflight import answering_options
from server.web.problems import Problems


class Application(msgspec.Struct, frozen=True):
    """The ASGI application, and its parts that the serving process needs."""

    asgi: ASGIApp
    keys: KeyRing
    metrics: WebMetrics
    lifecycle: Lifecycle
    body_budget: BodyBudget


def build_application(settings: Settings, backend: Backend, running: AbstractAsyncContextManager[None]) -> Application:
    """Put HTTP in front of a backend, which works while `running` is entered.

    Raises:
        SettingsError: the file of keys cannot be read.
    """
    keys, metrics = KeyRing(settings.keys), WebMetrics(CollectorRegistry())
    metrics.expect([template_of(path) for route in ROUTES for path in route.paths])
    context = Context(
        settings=settings,
        backend=backend,
        names=ModelNames(backend.facts.names),
        estimate=TokenEstimate(backend.facts.max_tokens),
        body_budget=BodyBudget(settings.max_bodies_bytes),
        metrics=metrics,
        lifecycle=Lifecycle(),
        aside=new_turns(),
    )
    problems = Problems(DIALECTS)
    paths = ExactPaths(path for route in ROUTES for path in (*route.paths, *route.opt[OPERATION].also))
    litestar = _litestar(context, keys, problems, running)
    edge = Edge(litestar, paths, context, problems)
    asgi = behind_proxies(edge, settings.trusted_proxies)
    return Application(asgi, keys, metrics, context.lifecycle, context.body_budget)


def _litestar(
    context: Context, keys: KeyRing, problems: Problems, running: AbstractAsyncContextManager[None]
) -> Litestar:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with running:
            yield
        context.aside.close(wait=True)

    origins = list(context.settings.cors_origins)
    documentation = page.document(context, keys, ROUTES, DIALECTS)
    return Litestar(
        [*answering_options(ROUTES), *ROUTES],
        lifespan=[lifespan],
        # A middleware would cost a second layer of error handling; a guard, a copy of the handler.
        before_request=Access(_policy(context.settings, keys)).admit,
        cors_config=CORSConfig(allow_origins=origins, expose_headers=list(EXPOSED)) if origins else None,
        exception_handlers={
            ServerError: problems.handle_own_error,
            HTTPException: problems.handle_http_exception,
            Exception: problems.handle_unexpected,
        },
        state=State({STATE: context, page.STATE: documentation, console.STATE: console.load_console()}),
        logging_config=None,
        openapi_config=None,
    )


def _policy(settings: Settings, keys: KeyRing) -> Policy:
    names = frozenset(name.lower() for name in (settings.host, *settings.allowed_hosts))
    return Policy(
        keys=keys,
        rates=Rates(settings.requests_per_minute, settings.tokens_per_minute),
        hosts=None if settings.insecure or settings.uds else Hosts(names),
        metrics_port=settings.metrics_port,
        origins=frozenset(settings.cors_origins),
    )
