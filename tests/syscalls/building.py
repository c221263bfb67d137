"""Builds the library that watches system calls, once for each version of its source."""

import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("shim.cc")
BUILT = Path(__file__).resolve().parents[2] / "build" / "syscalls"


def built() -> Path:
    """Return the library; skip the test where it cannot be built."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        pytest.skip("system calls are watched on Linux on x86-64 alone")
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("watching system calls needs g++")
    library = BUILT / f"shim-{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]}.so"
    if not library.exists():
        BUILT.mkdir(parents=True, exist_ok=True)
        fresh = library.with_suffix(f".{os.getpid()}")
        flags = ["-std=c++17", "-O1", "-Wall", "-Wextra", "-shared", "-fPIC", "-pthread"]
        subprocess.run([compiler, *flags, "-o", str(fresh), str(SOURCE)], check=True, timeout=120)
        fresh.rename(library)
    return library
