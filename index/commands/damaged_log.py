"""Checks the write-ahead log of a folder that no process owns, before SQLite reads it.

SQLite reads a damaged log as far as it is whole, says nothing, and writes an index of that much: from then on nothing
shows that anything is lost. A process that owns the folder checked the log when it started, and writes it itself.
"""

import fcntl
import os
from pathlib import Path

from index.commands.folders import held
from index.errors import FolderInUseError
from index.store.layout import LOCK_FILE
from index.store.log import examine_log


def lost_commits(database: Path) -> str | None:
    """Say which commits SQLite would leave out of a stopped folder's database, if any. Raises OSError."""
    folder, file = database.parents[2], database.resolve()  # SQLite keeps the log beside what a link points to
    if owned(folder) or not examine_log(file, folder):
        return None
    try:
        with held(folder):
            problems = examine_log(file, folder)
    except FolderInUseError:
        return None  # a server has started meanwhile, and was writing when the log was checked
    return problems[0] if problems else None


def owned(folder: Path) -> bool:
    """Say whether a process has the folder. Holds up the start of a server for a moment at most."""
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
