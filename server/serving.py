"""The process that serves: listen, load, check, serve until SIGTERM or Ctrl-C, drain.

Exits with 1 where it cannot start or the engine broke, so that its supervisor restarts it. On SIGHUP it reads keys and
certificates again.
"""

import asyncio
import encodings.utf_32_le  # noqa: F401 - as the next one: the reader of texts encodes with it
import logging
import os
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from functools import lru_cache, partial
from types import FrameType
from typing import Any, NoReturn

import msgspec
import numpy.ma  # noqa: F401 - np.unique imports it at its first call, on a thread that may then find no descriptor
import uvicorn
from uvicorn.config import STARTUP_FAILURE

from index import IndexRoomError
from models import ArtifactError
from server.access.exposure import check_exposure
from server.allocator import limit_arenas, use_huge_pages
from server.app import Application, build_application
from server.backend import LocalBackend, build_backend
from server.banner import Listening, banner
from server.connection.accepting import Acceptor
from server.connection.descriptors import connections_left, raise_limit
from server.connection.listening import Listeners, listen
from server.connection.protocol import Protocol
from server.connection.room import MAX_REFUSED, Limits, Place, Room, limits_of
from server.connection.shared import Shared
from server.connection.timeouts import Sweep
from server.connection.tls import Tls, load_certificate, restrict_groups
from server.contract.errors import ServerError, StartError
from server.documents.provenance import told_of
from server.logs import configure_logs
from server.settings import Settings
from server.web.metrics import UNKNOWN_ROUTE

# A worker that has finished a run needs the interpreter lock at once; by default the event loop keeps it for 5 ms.
SWITCH_INTERVAL_S = 0.0005
# After the engine broke, requests in progress are still answered for so long; a hanging thread must not delay the end.
BROKEN_GRACE_S = 5.0

log = logging.getLogger("vecd")


class Parts(msgspec.Struct, frozen=True):
    """What the server needs: `limits` says how many connections there may be now."""

    application: Application
    settings: Settings
    room: Room
    limits: Callable[[], Limits]
    announcement: str


class Server(uvicorn.Server):
    """uvicorn's server, which announces where it listens, drains before it stops, and reloads on SIGHUP."""

    def __init__(self, config: uvicorn.Config, parts: Parts) -> None:
        super().__init__(config)
        self._parts = parts
        self._application, self._settings = parts.application, parts.settings
        self._leave_s = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, and accept connections, which uvicorn's own servers would not count before TLS."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        tls = Tls(self.config.ssl, self._settings.header_timeout_s) if self.config.ssl is not None else None
        self.servers: list[Any] = [
            Acceptor(one, self._parts.room, self._protocol_maker(), tls) for one in sockets or ()
        ]
        self.started = True

    def _protocol_maker(self) -> Callable[[Place], Protocol]:
        application = self._application
        lifecycle, metrics = application.lifecycle, application.metrics
        shared = Shared(
            settings=self._settings,
            sweep=Sweep(self._settings),
            budget=application.body_budget,
            draining=lambda: lifecycle.draining,
            count=lambda status: metrics.answered(UNKNOWN_ROUTE, status),
        )
        return lambda place: Protocol(shared, place, self.config, self.server_state, self.lifespan.state)

    async def main_loop(self) -> None:
        """Announce the address, then serve; a signal sent right after the announcement is handled."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)
        print(self._parts.announcement, flush=True)  # noqa: T201 - what the user waits for
        await super().main_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain: the server is not ready from now on, and leaves after drain_delay_s."""
        if not self.should_exit:
            self._application.lifecycle.drain()
            self._leave_s = time.monotonic() + self._settings.drain_delay_s
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second; true ends the server."""
        self._parts.room.limits = self._parts.limits()
        leaving = await super().on_tick(counter) and (self.force_exit or time.monotonic() >= self._leave_s)
        self._application.lifecycle.leave(leaving=leaving)
        return leaving

    def _reload(self) -> None:
        """Read keys and certificates again; where one cannot be read, the old one stays."""
        keys = self._application.keys
        try:
            keys.reload()
            log.info("the keys were read again; there are %d", len(keys))
        except ServerError as error:
            log.error("the keys stay as they were: %s", error)
        try:
            if self.config.ssl is not None:
                load_certificate(self.config.ssl, self._settings)
                log.info("the certificate was read again")
        except (OSError, ssl.SSLError) as error:
            log.error("the certificate stays as it was: %s", error)

    def end(self) -> None:
        """End the process, even if a thread hangs; may be called from any thread."""
        self.should_exit = True
        timer = threading.Timer(BROKEN_GRACE_S, os._exit, [1])
        timer.daemon = True
        timer.start()


def serve(settings: Settings, build: Callable[[Settings], LocalBackend] = build_backend) -> None:
    """Serve what `build` makes until a signal ends the process.

    Raises:
        ServerError: the server cannot start.
    """
    descriptors = raise_limit(settings.max_connections)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    limit_arenas()  # before there are threads
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to read again
    configure_logs(settings.log_format, settings.log_level)
    try:
        with listen(settings) as listeners:
            check_exposure(listeners.main, settings)
            backend = build(settings)
            use_huge_pages()
            _serve(settings, backend, listeners, descriptors)
    except (ArtifactError, IndexRoomError) as error:
        raise StartError(str(error)) from error
    if backend.broken or backend.parts.library.index.mender.broken:
        sys.stderr.flush()
        os._exit(1)  # a normal exit would destroy the session under a thread that hangs in a run


def _leave(*_: object) -> NoReturn:
    # uvicorn raises the signal again after it has drained; status 0 tells supervisors that the stop was clean.
    sys.exit(0)


def _serve(settings: Settings, backend: LocalBackend, listeners: Listeners, descriptors: int) -> None:
    application = build_application(settings, backend, backend.running())
    index = backend.parts.library.index

    limits_for = lru_cache(1)(partial(limits_of, settings))  # asked for at each tick, and hardly ever another

    def limits() -> Limits:
        """Return how many connections there may be beside the collections that there are now."""
        left = connections_left(descriptors, len(index.names()), MAX_REFUSED)
        return limits_for(min(settings.max_connections, left))

    listening = Listening(_address(settings, listeners), descriptors, limits())
    others = told_of(index.count_others(), backend.facts.variant)
    announcement = banner(settings, backend.facts, backend.parts.collections.status(), listening, others)
    parts = Parts(application, settings, Room(limits()), limits, announcement)
    server = Server(_config(settings, application), parts)
    backend.call_when_broken(server.end)
    index.mender.call_when_broken(server.end)
    server.run(sockets=listeners.all)


def _config(settings: Settings, application: Application) -> uvicorn.Config:
    config = uvicorn.Config(
        application.asgi,
        loop="uvloop",
        http=Protocol,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_timeout_s,
        ssl_certfile=settings.tls_certificate or None,
        ssl_keyfile=settings.tls_key or None,
        ssl_keyfile_password="",  # an encrypted key is an error, not a question on the terminal
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        message = f"--tls-certificate and --tls-key: {getattr(error, 'strerror', None) or error}"
        raise StartError(message) from error
    if config.ssl is not None:
        restrict_groups(config.ssl)
    return config


def _address(settings: Settings, listeners: Listeners) -> str:
    if settings.uds:
        return f"unix:{settings.uds}"
    host, port = listeners.main.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if settings.tls_certificate else 'http'}://{shown}:{port}"
