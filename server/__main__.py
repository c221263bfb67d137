"""`python -m server`: load, check, listen, serve until SIGTERM or Ctrl-C, drain, exit with 0.

Exits with 1 where it cannot start, and where the engine broke, so that whoever supervises it starts it anew.
"""

import os
import signal
import socket
import sys
import threading
import time
from types import FrameType
from typing import NoReturn

import uvicorn

from models import ArtifactError
from server.app import build_application, build_daemon
from server.banner import banner
from server.daemon import Daemon
from server.errors import ServerError
from server.logs import configure_logs
from server.protocol import protocol_for
from server.settings import Settings, read_settings

BACKLOG = 2048
# A worker that is done with a run needs the interpreter at once; the event loop would keep it for 5 ms by default.
SWITCH_INTERVAL_S = 0.0005
# Once the engine is broken, requests in work are answered; a thread that hangs must not keep the process for longer.
BROKEN_GRACE_S = 5.0


class Server(uvicorn.Server):
    """uvicorn, saying where it listens once it does, and when it stops."""

    def __init__(self, config: uvicorn.Config, daemon: Daemon, announcement: str) -> None:
        super().__init__(config)
        self._daemon = daemon
        self._announcement = announcement
        self._leave_s = 0.0

    async def main_loop(self) -> None:
        """Say that it listens, then serve: a signal that comes right after the words finds everything in place."""
        print(self._announcement, flush=True)
        await super().main_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note that the process shall end: from now on it is not ready; it leaves after drain_delay_s."""
        if not self.should_exit:
            self._daemon.engine.draining = True
            self._leave_s = time.monotonic() + self._daemon.settings.drain_delay_s
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second; true ends the server."""
        leaving = await super().on_tick(counter)
        return leaving and (self.force_exit or time.monotonic() >= self._leave_s)

    def end(self) -> None:
        """End the process, whatever hangs; called from any thread."""
        self.should_exit = True
        timer = threading.Timer(BROKEN_GRACE_S, os._exit, [1])
        timer.daemon = True
        timer.start()


def main() -> None:
    """Run the daemon as the command line and the environment say."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        settings = read_settings(sys.argv[1:])
        configure_logs(settings.log_format, settings.log_level)
        with listen(settings) as listener:
            daemon = build_daemon(settings)
            _serve(daemon, listener)
    except (ServerError, ArtifactError) as error:
        print(f"vecd: {error}", file=sys.stderr)
        sys.exit(1)
    if daemon.engine.workers.broken:
        sys.stderr.flush()
        os._exit(1)  # a thread that hangs in a run would be torn down with what it works on


def _leave(*_: object) -> NoReturn:
    # uvicorn raises the signal once more after it has drained; leaving with 0 tells supervisors that all was well.
    sys.exit(0)


def listen(settings: Settings) -> socket.socket:
    """Take the address before anything slow, so that a port in use is told at once."""
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        # It listens at once: only that tells two servers apart that were started together.
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"cannot listen on {settings.host}:{settings.port}: {reason}; --host and --port decide"
        raise ServerError(message) from error


def _serve(daemon: Daemon, listener: socket.socket) -> None:
    config = uvicorn.Config(
        build_application(daemon),
        loop="uvloop",
        http=protocol_for(lambda: daemon.engine.draining),
        proxy_headers=False,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=daemon.settings.shutdown_timeout_s,
    )
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    server = Server(config, daemon, banner(daemon, f"http://{shown}:{port}"))
    daemon.engine.workers.on_broken = server.end
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
