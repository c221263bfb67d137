"""Looks at the write-ahead log of a folder that nobody owns, before SQLite does.

SQLite reads a damaged log as far as it is whole, says nothing, and writes an index of that much: from then on nobody
can tell that anything is lost. A process that owns the folder has looked when it started, and writes the log itself.
"""

import fcntl
import os
from pathlib import Path

from index.commands.folders import held
from index.errors import FolderInUseError
from index.lock import LOCK_FILE
from index.wal import examine_log


def lost(database: Path) -> str | None:
    """Return what SQLite would leave out of a stopped folder's database, if anything. Raises OSError."""
    folder, file = database.parents[2], database.resolve()  # SQLite keeps the log beside what a link points to
    if owned(folder) or not examine_log(file):
        return None
    try:
        with held(folder):
            problems = examine_log(file)
    except FolderInUseError:
        return None  # a server has started meanwhile, and what was seen was its writing
    return problems[0] if problems else None


def owned(folder: Path) -> bool:
    """Say whether a process has the folder. Holds up a server's start for no longer than a moment."""
    try:
        descriptor = os.open(folder / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
