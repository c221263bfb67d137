"""Starts processes whose system calls are watched."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.syscalls.building import built

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 120


class Watch(msgspec.Struct, frozen=True):
    """What is done about the calls below a folder; `fail` is CALLS:K:ERRNO:once|forever[:short].

    Of the named calls (by comma, or *), counted from 1 since the mark `arm` or since the start where it is `armed`, the
    K-th fails, or it and all that follow. A `short` write takes half instead, and only what follows fails.
    """

    folder: Path
    fail: str = ""
    record: Path | None = None
    report: Path | None = None
    armed: bool = False


def environment(watch: Watch) -> dict[str, str]:
    """Return the environment of a process that is watched; it must not start other programs."""
    given = {"SHIM_FAIL": watch.fail, "SHIM_RECORD": watch.record, "SHIM_REPORT": watch.report}
    given |= {"SHIM_ARMED": "1" if watch.armed else ""}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("SHIM_")},
        "LD_PRELOAD": str(built()),
        "SHIM_FOLDER": str(watch.folder.resolve()),
        "MALLOC_ARENA_MAX": "1",  # or glibc opens a file as a thread ends, with the signal blocked that a trap sends
        **{name: str(value) for name, value in given.items() if value},
    }


def run_watched(command: Sequence[str], watch: Watch, limit_s: float = LIMIT_S) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, or kill it after the limit and raise TimeoutExpired."""
    return subprocess.run(
        command, env=environment(watch), cwd=ROOT, capture_output=True, text=True, timeout=limit_s, check=False
    )


def start_watched(command: Sequence[str], watch: Watch) -> subprocess.Popen[bytes]:
    """Start a command, with pipes to talk to it."""
    return subprocess.Popen(
        command, env=environment(watch), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
