"""A daemon with faults in it, seen from outside: its runs, its log, its gate, its statistics, its threads."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec

from tests.running import RunningServer, launch_module, started
from tests.server.engine.faults.wire import Answer, Wire
from tests.server.polling import until
from tests.tiny import TINY

PATIENCE_S = 20
POLL_S = 0.005
EMPTY_WHEN_IDLE = (
    "vecd_requests_in_work",
    "vecd_queue_texts",
    "vecd_queue_tokens",
    "vecd_inflight_texts",
    "vecd_workers_busy",
)


class Run(msgspec.Struct, frozen=True):
    """One run of the session: which thread, which texts."""

    thread: str
    texts: list[str]


class FaultyServer:
    """A running daemon over a folder that holds its file of runs, its gate and its log."""

    def __init__(self, running: RunningServer, folder: Path) -> None:
        self.running = running
        self.process = running.process
        self._folder = folder
        self._sockets_at_start = self._sockets()

    @property
    def address(self) -> tuple[str, int]:
        return self.running.host, self.running.port

    def log(self) -> str:
        return (self._folder / "log").read_text("utf-8")

    def runs(self) -> list[Run]:
        path = self._folder / "runs"
        lines = path.read_bytes().splitlines() if path.exists() else []
        return [msgspec.json.decode(line, type=Run) for line in lines]

    def texts_run(self) -> list[str]:
        return [text for run in self.runs() for text in run.texts]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no run go on until the block ends."""
        gate = self._folder / "gate"
        gate.touch()
        try:
            yield
        finally:
            gate.unlink()

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Hold the runs, with the only worker in the midst of this text's; it must be answered in the end."""
        with Wire(self.address) as wire:
            with self.held():
                before = self.texts_run().count(text)
                wire.send_embed(text, cache=False)
                until(lambda: self.texts_run().count(text) > before)
                yield
            assert wire.receive().status == 200

    @contextmanager
    def wires(self, count: int) -> Iterator[list[Wire]]:
        """So many connections, closed when the block ends."""
        with ExitStack() as stack:
            yield [stack.enter_context(Wire(self.address)) for _ in range(count)]

    def get(self, path: str) -> Answer:
        with Wire(self.address) as wire:
            wire.send("GET", path)
            return wire.receive()

    def active(self) -> int:
        return int(self.get("/stats").document()["active_requests"])

    def queued_tokens(self) -> int:
        return int(self.get("/stats").document()["queue"]["tokens"])

    def cached(self) -> int:
        return int(self.get("/stats").document()["cache"]["entries"])

    def wait_for_active(self, count: int) -> None:
        until(lambda: self.active() == count)

    def idle(self) -> bool:
        """Tell whether nothing is in work, waits or can be joined."""
        lines = self.get("/metrics").body.decode().splitlines()
        gauges = dict(line.split(" ") for line in lines if not line.startswith("#") and "{" not in line)
        return not any(float(gauges[name]) for name in EMPTY_WHEN_IDLE)

    def threads(self) -> list[str]:
        tasks = Path(f"/proc/{self.process.pid}/task")
        return sorted((task / "comm").read_text().strip() for task in tasks.iterdir())

    def connections(self) -> int:
        """Count the open sockets beside those that were there from the start."""
        return self._sockets() - self._sockets_at_start

    def _sockets(self) -> int:
        found = 0
        for descriptor in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                found += str(descriptor.readlink()).startswith("socket:")
        return found

    def exit_status(self) -> int:
        """Wait until the process has ended by itself."""
        return self.process.wait(PATIENCE_S)


@contextmanager
def start_faulty(models: Path, folder: Path, *arguments: str) -> Iterator[FaultyServer]:
    """Run `python -m tests.faulty` over the tiny model until the block ends."""
    folder.mkdir(exist_ok=True)
    # With none a run that the gate holds would hold the event loop, once enough requests in a row came alone.
    own = ("--runs", str(folder / "runs"), "--gate", str(folder / "gate"), "--lone-text-ms", "0")
    flags = (*own, "--port", "0", "--models", str(models), "--model", TINY, *arguments)
    with (
        (folder / "log").open("w", encoding="utf-8") as log,
        started(launch_module("tests.faulty", flags, {}, log)) as running,
    ):
        yield FaultyServer(running, folder)
