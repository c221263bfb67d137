"""What a watched process says to the library that watches it; nothing where none is loaded."""

import ctypes
from pathlib import Path


def mark(text: str) -> None:
    """Write a record; `arm` and `disarm` switch failing."""
    if loaded():
        _library().shim_mark(text.encode())


def plan(fail: str, report: Path) -> None:
    """Replace what is to fail and where it is told, in a process that was forked; failing waits for `arm`."""
    if loaded() and _library().shim_plan(fail.encode(), str(report).encode()) != 0:
        raise ValueError(f"{fail!r} cannot be planned, or {report} not written")


def loaded() -> bool:
    return hasattr(_library(), "shim_mark")


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None)
