"""The sockets that the server listens on, opened before anything slow, so that a port in use is reported at once."""

import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from server.contract.errors import ServerError
from server.settings import Settings

BACKLOG = 2048


class Listeners(msgspec.Struct, frozen=True):
    """`main` serves every route, `metrics` only /metrics and /health."""

    main: socket.socket
    metrics: socket.socket | None

    @property
    def all(self) -> list[socket.socket]:
        return [self.main, self.metrics] if self.metrics else [self.main]


@contextmanager
def listen(settings: Settings) -> Iterator[Listeners]:
    """Listen until the block ends.

    Raises:
        ServerError: an address cannot be taken.
    """
    with ExitStack() as stack:
        if settings.uds:
            main = stack.enter_context(_unix(Path(settings.uds)))
        else:
            main = stack.enter_context(_tcp(settings.host, settings.port, "--host and --port decide"))
        metrics = None
        if settings.metrics_port:
            decides = "--metrics-host and --metrics-port decide"
            metrics = stack.enter_context(_tcp(settings.metrics_host, settings.metrics_port, decides))
        yield Listeners(main, metrics)


def _tcp(host: str, port: int, decides: str) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # It listens at once: of two servers started together, only one can listen.
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"cannot listen on {host}:{port}: {reason}; {decides}"
        raise ServerError(message) from error


@contextmanager
def _unix(path: Path) -> Iterator[socket.socket]:
    """Listen on a path; a socket left by a server that was killed is replaced. The umask decides who may connect."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            if path.exists() and stat.S_ISSOCK(path.stat().st_mode) and not _answers(path):
                path.unlink()
            listener.bind(str(path))
        except OSError as error:
            message = f"cannot listen on {path}: {error.strerror or error}; --uds decides"
            raise ServerError(message) from error
        listener.listen(BACKLOG)
        ours = _identity(path)
        try:
            yield listener
        finally:
            # Another server may have put its own socket there since.
            if _identity(path) == ours:
                path.unlink(missing_ok=True)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
