"""What a server costs: memory and processor time of its process and all below it, and the generator's own share."""

import time
from collections.abc import Callable

import msgspec
import psutil


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Over one load: memory at its end, cores kept busy on average, by the server and by the generator itself."""

    rss_mb: float
    server_cores: float
    generator_cores: float


class Watch:
    """Measures from its construction to `read`."""

    def __init__(self, pid: int | None) -> None:
        self._pid = pid
        self._start = time.perf_counter()
        self._server, self._own = cpu_seconds(pid), _own_seconds()

    def read(self) -> Usage:
        """Return what was used since."""
        seconds = time.perf_counter() - self._start
        return Usage(
            rss_mb=memory_mb(self._pid),
            server_cores=(cpu_seconds(self._pid) - self._server) / seconds,
            generator_cores=(_own_seconds() - self._own) / seconds,
        )


def tree(pid: int | None) -> list[psutil.Process]:
    """Return a process and all its descendants that still run; none for none."""
    if pid is None:
        return []
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def memory_mb(pid: int | None) -> float:
    """Return the resident memory of a process tree; pages that several share count once for each."""
    return sum(_read(process, lambda p: p.memory_info().rss) for process in tree(pid)) / 1e6


def cpu_seconds(pid: int | None) -> float:
    """Return the processor time that a process tree has used."""
    return sum(_read(process, lambda p: sum(p.cpu_times()[:2])) for process in tree(pid))


def _read(process: psutil.Process, value: Callable[[psutil.Process], float]) -> float:
    try:
        return value(process)
    except psutil.NoSuchProcess:
        return 0.0


def _own_seconds() -> float:
    return time.process_time()
