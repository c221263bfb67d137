"""What grows in a process that leaks: memory, threads and open files, of a server's process and all below it."""

import msgspec
import psutil

from bench.traffic.processes import tree


class Vitals(msgspec.Struct, frozen=True):
    """At one moment. Open files are descriptors: files, sockets, pipes."""

    rss_mb: float
    threads: int
    open_files: int


def read_vitals(pid: int | None) -> Vitals:
    """Return those of a process tree."""
    found = [_read(process) for process in tree(pid)]
    return Vitals(
        sum(one.rss_mb for one in found), sum(one.threads for one in found), sum(one.open_files for one in found)
    )


def _read(process: psutil.Process) -> Vitals:
    try:
        with process.oneshot():
            return Vitals(process.memory_info().rss / 1e6, process.num_threads(), process.num_fds())
    except psutil.NoSuchProcess:
        return Vitals(0.0, 0, 0)
