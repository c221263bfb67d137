"""A daemon whose patience is a second, seen from outside."""

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.running import RunningServer, launch_module, started
from tests.server.connection.hostile.raw import EMBED, Raw, post
from tests.server.engine.faults.wire import Answer
from tests.server.polling import until
from tests.tiny import TINY

# What the daemon is told, and how much later than that it may act.
LIMIT_S, SLACK_S = 1, 1.5
KEEP_ALIVE_S = 2
MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_HEADERS, MAX_URL_BYTES = 2_000_000, 16_384, 50, 4096
MAX_CONNECTIONS = 700
FLAGS = {
    "--header-timeout-s": LIMIT_S,
    "--body-timeout-s": LIMIT_S,
    "--send-timeout-s": LIMIT_S,
    "--keep-alive-s": KEEP_ALIVE_S,
    "--max-body-bytes": MAX_BODY_BYTES,
    "--max-header-bytes": MAX_HEADER_BYTES,
    "--max-headers": MAX_HEADERS,
    "--max-url-bytes": MAX_URL_BYTES,
    "--max-client-batch-size": 20_000,
    "--max-connections": MAX_CONNECTIONS,
}


class Door:
    """A running daemon."""

    def __init__(self, running: RunningServer, log: Path) -> None:
        self.running = running
        self.address = running.host, running.port
        self._log = log
        self._said = 0
        self._sockets_at_start = self._sockets()

    def open(self, source: str = "", receive_bytes: int = 0) -> Raw:
        """Connect, from a certain address of this machine where that is asked for."""
        return Raw(self.address, receive_bytes, source)

    def ask(self, data: bytes) -> Answer:
        """Send bytes on a connection of their own; there must be one answer, and the end of the connection."""
        with self.open() as raw:
            raw.send_what_it_takes(data)
            return raw.answer()

    def ask_open(self, data: bytes) -> Answer:
        """Send a request after which the connection stays open."""
        with self.open() as raw:
            raw.send(data)
            return raw.next_answer()

    def ask_or_none(self, data: bytes) -> int | None:
        """Return the status of the answer, if there is one."""
        with self.open() as raw, contextlib.suppress(AssertionError, ConnectionError):
            raw.send(data)
            return raw.next_answer().status
        return None

    def assert_serves(self) -> None:
        assert self.ask_open(post(EMBED)).embeddings()
        said = self._log.read_text("utf-8")
        new, self._said = said[self._said :], len(said)
        assert "Traceback" not in new, new
        assert "error" not in new.lower(), new

    def connections(self) -> int:
        """Count the open sockets beside those that were there from the start."""
        return self._sockets() - self._sockets_at_start

    def wait_for_connections(self, count: int, limit_s: float) -> None:
        until(lambda: self.connections() == count, limit_s)

    def _sockets(self) -> int:
        folder = Path(f"/proc/{self.running.process.pid}/fd")
        return sum(_is_socket(one) for one in folder.iterdir())


def _is_socket(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()).startswith("socket:")
    except FileNotFoundError:  # closed meanwhile
        return False


def resident_bytes(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text("ascii")
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


@contextmanager
def in_time(limit_s: float = LIMIT_S) -> Iterator[None]:
    """Check that the block took about so long: neither too patient nor too short."""
    start_s = time.monotonic()
    yield
    took_s = time.monotonic() - start_s
    assert limit_s - 0.1 <= took_s <= limit_s + SLACK_S, took_s


@contextmanager
def start_door(models: Path, folder: Path, **more: int | str) -> Iterator[Door]:
    """Run the daemon over the tiny model until the block ends; `more` are settings by their names."""
    flags: dict[str, int | str] = dict(FLAGS)
    flags |= {"--" + name.replace("_", "-"): value for name, value in more.items()}
    arguments = ["--port", "0", "--models", str(models), "--model", TINY, "--cores", "1"]
    arguments += [part for name, value in flags.items() for part in (name, str(value))]
    path = folder / "log"
    with path.open("w", encoding="utf-8") as log, started(launch_module("server", arguments, {}, log)) as running:
        yield Door(running, path)
