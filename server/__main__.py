"""`python -m server`: load, check, listen, serve until SIGTERM or Ctrl-C, drain, exit with 0."""

import logging
import signal
import socket
import sys
from typing import NoReturn

import uvicorn

from models import ArtifactError
from server.app import build_application, build_daemon
from server.banner import banner
from server.daemon import Daemon
from server.errors import ServerError
from server.settings import Settings, read_settings

BACKLOG = 2048


class Server(uvicorn.Server):
    """uvicorn, saying where it listens once it does."""

    def __init__(self, config: uvicorn.Config, announcement: str) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            print(self._announcement, flush=True)


def main() -> None:
    """Run the daemon as the command line and the environment say."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    try:
        settings = read_settings(sys.argv[1:])
        with listen(settings) as listener:
            _serve(build_daemon(settings), listener)
    except (ServerError, ArtifactError) as error:
        print(f"vecd: {error}", file=sys.stderr)
        sys.exit(1)


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
        http="httptools",
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
    Server(config, banner(daemon, f"http://{shown}:{port}")).run(sockets=[listener])


if __name__ == "__main__":
    main()
