"""Copies of a database, made while it is written to, and put back into a stopped folder."""

import shutil
from pathlib import Path

import apsw

from index.connections import READER_CACHE_KIB, Database, storage_errors
from index.errors import DamagedError, StorageFullError
from index.snapshots import synchronize

PAGES_A_STEP = 2_000  # 8 MB, between which the writer gets its turn in memory
FILE = "documents.sqlite"


def back_up(database: Database, folder: Path) -> Path:
    """Write the state of one commit to a new file in the folder; it is whole, or not there."""
    final, temporary = folder / FILE, folder / f"{FILE}.tmp"
    if final.exists():
        raise StorageFullError(f"{final} is there already; choose a new folder for the backup")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StorageFullError(f"no backup can be written to {folder}: {error.strerror}") from error
    source = database.connect(READER_CACHE_KIB)
    try:
        with storage_errors(temporary):
            copy(source, temporary)
    finally:
        source.close()
    synchronize(temporary)
    temporary.rename(final)
    synchronize(folder)
    return final


def copy(source: apsw.Connection, target_path: Path) -> None:
    """Copy all pages of one state, and say in the copy that no snapshot belongs to it."""
    target = apsw.Connection(str(target_path))
    try:
        with target.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(PAGES_A_STEP)
        target.execute("PRAGMA journal_mode=DELETE").fetchall()
        target.execute("DELETE FROM snapshots")
    finally:
        target.close()


def put_back(backup: Path, folder: Path) -> None:
    """Put a backup's file in the place of a stopped collection's database, once it is known to be whole."""
    source = apsw.Connection(str(backup), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        with storage_errors(backup):
            found = source.execute("PRAGMA integrity_check").fetchall()
    finally:
        source.close()
    if found != [("ok",)]:
        raise DamagedError(f"the backup {backup} is damaged: {found[0][0]}")
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{FILE}.tmp"
    shutil.copyfile(backup, temporary)
    synchronize(temporary)
    for stale in (f"{FILE}-wal", f"{FILE}-shm"):  # of the database that goes; they must not be applied to this one
        (folder / stale).unlink(missing_ok=True)
    temporary.rename(folder / FILE)
    synchronize(folder)
