"""How many cores this process may use, and the priority of its threads.

The CPU affinity counts, and the cgroup's quota where one is set: a container with a quota of two cores on a 64-core
host must start two workers, not 64.
"""

import math
import os
import sys
import threading
from pathlib import Path

NICENESS = 5
CGROUPS = Path("/sys/fs/cgroup")


def granted_cores(cgroups: Path = CGROUPS, membership: Path = Path("/proc/self/cgroup")) -> int:
    """Return the number of whole cores granted, at least 1."""
    affinity = len(os.sched_getaffinity(0))
    quota = min(_quotas(cgroups, membership), default=math.inf)
    return max(1, min(affinity, math.floor(quota) if math.isfinite(quota) else affinity))


def _quotas(cgroups: Path, membership: Path) -> list[float]:
    """Return the quotas, in cores, of this process's cgroup and all above it (version 2), and that of version 1."""
    found = []
    for folder in _folders(cgroups, membership):
        match _words(folder / "cpu.max"):
            case [quota, period] if quota != "max":
                found.append(int(quota) / int(period))
    match _words(cgroups / "cpu" / "cpu.cfs_quota_us"), _words(cgroups / "cpu" / "cpu.cfs_period_us"):
        case [quota], [period] if int(quota) > 0:
            found.append(int(quota) / int(period))
    return found


def _folders(cgroups: Path, membership: Path) -> list[Path]:
    for line in _words(membership):
        if line.startswith("0::/"):
            inner = cgroups / line.removeprefix("0::/")
            return [folder for folder in (inner, *inner.parents) if folder.is_relative_to(cgroups)]
    return [cgroups]


def _words(path: Path) -> list[str]:
    try:
        return path.read_text("ascii").split()
    except (OSError, UnicodeDecodeError):
        return []


def yield_to_others() -> None:
    """Lower the priority of the calling thread below that of the other threads of this process.

    A thread that computes holds no lock; one that waits for a core while it holds the interpreter lock stops all
    others.
    """
    if sys.platform == "linux":  # the only system where a thread has a priority of its own by this call
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
