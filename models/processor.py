"""Which instruction sets this processor has, as far as the choice of a variant depends on them."""

import platform
from collections.abc import Sequence
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def lacks_all(instructions: Sequence[str], cpuinfo: Path = CPUINFO) -> bool:
    """Tell whether this is an x86-64 processor without any of the instruction sets; False where none is given.

    False, too, where the system does not say what the processor has: the server's self-check finds out.
    """
    if not instructions or platform.machine().lower() not in {"x86_64", "amd64"}:
        return False
    try:
        lines = cpuinfo.read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), None)
    return flags is not None and not set(instructions) & set(flags)
