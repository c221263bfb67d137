"""What a server uses: memory, processor time, threads and open files of its process and all below it.

A process that ends while it is read counts as nothing.
"""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil

from bench.figures.load import Usage


class Resources(msgspec.Struct, frozen=True):
    """What a process tree holds at one moment. Open files are descriptors: files, sockets, pipes."""

    rss_mb: float
    threads: int
    open_files: int


class Watch:
    """Measures from its construction to `read`."""

    def __init__(self, pid: int | None) -> None:
        self._pid = pid
        self._start = time.perf_counter()
        self._server, self._own = cpu_seconds(pid), _own_seconds()

    def read(self) -> Usage:
        seconds = time.perf_counter() - self._start
        return Usage(
            rss_mb=memory_mb(self._pid),
            server_cores=(cpu_seconds(self._pid) - self._server) / seconds,
            generator_cores=(_own_seconds() - self._own) / seconds,
        )


def tree(pid: int | None) -> list[psutil.Process]:
    """Return a process and all its descendants that still run; none for None."""
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


def peak_mb(pid: int) -> float:
    """Return the most resident memory that one process ever had, as Linux counts it."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1e6


def cpu_seconds(pid: int | None) -> float:
    """Return the processor time that a process tree has used."""
    return sum(_read(process, lambda p: sum(p.cpu_times()[:2])) for process in tree(pid))


def read_resources(pid: int | None) -> Resources:
    found = [_read_resources(process) for process in tree(pid)]
    return Resources(
        sum(one.rss_mb for one in found), sum(one.threads for one in found), sum(one.open_files for one in found)
    )


def _read_resources(process: psutil.Process) -> Resources:
    try:
        with process.oneshot():
            return Resources(process.memory_info().rss / 1e6, process.num_threads(), process.num_fds())
    except psutil.NoSuchProcess:
        return Resources(0.0, 0, 0)


def _read(process: psutil.Process, value: Callable[[psutil.Process], float]) -> float:
    try:
        return value(process)
    except psutil.NoSuchProcess:
        return 0.0


def _own_seconds() -> float:
    return time.process_time()
