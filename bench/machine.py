"""The machine and the versions that figures are taken with, and how a thread is kept on chosen cores."""

import os
import platform
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np

from bench.errors import BenchError
from models.runtime import onnxruntime
from server.engine.scheduling import granted_cores

CPUINFO = Path("/proc/cpuinfo")
# The instructions that decide how fast int8 and bfloat16 can be.
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8", "amx_bf16")


class Machine(msgspec.Struct, frozen=True):
    """A processor as Linux describes it. `cores` are those granted to this process, `flags` the FLAGS that it has."""

    processor: str
    architecture: str
    cores: int
    flags: tuple[str, ...]


def describe_machine(cpuinfo: Path = CPUINFO) -> Machine:
    """Describe the processor. Call it before `one_core`, which takes cores away."""
    facts = parse_cpuinfo(cpuinfo.read_text("utf-8"))
    has = facts.get("flags", "").split()
    return Machine(
        processor=facts.get("model name", "unknown"),
        architecture=platform.machine(),
        cores=granted_cores(),
        flags=tuple(flag for flag in FLAGS if flag in has),
    )


def parse_cpuinfo(text: str) -> dict[str, str]:
    """Return the facts about the first processor listed, by name."""
    first, _, _ = text.partition("\n\n")
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def describe_versions() -> dict[str, str]:
    """Return the versions that decide speed and bits."""
    return {
        "numpy": np.__version__,
        "onnxruntime": str(onnxruntime.__version__),
        "python": platform.python_version(),
    }


@contextmanager
def one_core() -> Iterator[int]:
    """Keep the calling thread on one core until the block ends; yield the core's number."""
    core = _last_core()
    with on_cores({core}):
        yield core


@contextmanager
def on_cores(cores: Set[int]) -> Iterator[None]:
    """Keep the calling thread, and the processes that it starts, on these cores until the block ends."""
    granted = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, granted)


def split_cores() -> tuple[Set[int], Set[int]]:
    """Return one core for the server that is measured, and the other cores for its load.

    Raises:
        BenchError: there is only one core.
    """
    measured = {_last_core()}
    rest = os.sched_getaffinity(0) - measured
    if not rest:
        message = "this needs two cores: one for the server, and another for the load"
        raise BenchError(message)
    return measured, rest


def _last_core() -> int:
    return max(os.sched_getaffinity(0))  # the first core is where interrupts tend to be served
