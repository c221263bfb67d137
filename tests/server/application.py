"""The whole application without a socket, over the tiny model, with its session or backend exchanged where wanted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from server.app import build_application
from server.backend import LocalBackend, build_backend
from server.contract.backend import Backend
from server.engine.sessions import SESSIONS, Session
from server.engine.sessions.selfcheck import OpenSession
from server.settings import MEMORY, Settings
from tests.tiny import TINY

Check = Callable[[httpx.AsyncClient, LocalBackend], Awaitable[None]]


def tiny_settings(models: Path, **more: Any) -> Settings:
    return Settings(models=models, model=TINY, data=MEMORY, **more)


def same(backend: Backend) -> Backend:
    return backend


class Exchangeable:
    """A session that a test may exchange for another once the backend has been built and checked."""

    def __init__(self, true: Session) -> None:
        self.true = self.current = true

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> Any:
        return self.current.run(encodings, output, all_cores=all_cores)


def exchangeable_backend(settings: Settings) -> tuple[LocalBackend, Exchangeable]:
    """Build a backend whose session can be exchanged."""
    opened: list[Exchangeable] = []

    def opening(open_session: OpenSession) -> OpenSession:
        def open_exchangeable(path: Path, provider: str, cores: int) -> Session:
            opened.append(Exchangeable(open_session(path, provider, cores)))
            return opened[-1]

        return open_exchangeable

    sessions: Mapping[str, OpenSession] = {layout: opening(one) for layout, one in SESSIONS.items()}
    backend = build_backend(settings, sessions)
    (session,) = [one for one in opened if one is backend.parts.model.chosen.session]
    return backend, session


@asynccontextmanager
async def in_process(
    settings: Settings, backend: LocalBackend, wrap: Callable[[Backend], Backend] = same
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve a backend to a client without a socket; `wrap` puts something between HTTP and it."""
    running = backend.running()
    application = build_application(settings, wrap(backend), running)
    transport: Any = httpx.ASGITransport(application.asgi)  # type: ignore[arg-type]  # two ways to type ASGI
    async with running, httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


def run_check(settings: Settings, check: Check, session: Session | None = None) -> None:
    """Serve the tiny model in process, with another session from the first request on, and check it."""

    async def run() -> None:
        backend, exchangeable = exchangeable_backend(settings)
        if session is not None:
            exchangeable.current = session
        async with in_process(settings, backend) as client:
            await check(client, backend)

    asyncio.run(run())
