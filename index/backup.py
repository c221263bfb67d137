"""Copies of a database, made while it is written to."""

import contextlib
from pathlib import Path

import apsw

from index.collection import DATABASE_FILE
from index.connections import READER_CACHE_KIB, Database, storage_errors
from index.durable import make_durable
from index.errors import StorageFullError
from index.snapshots import synchronize

PAGES_A_STEP = 2_000  # 8 MB, between which Ctrl-C is heard


def back_up(database: Database, folder: Path) -> Path:
    """Write the state of one commit to a new file in the folder; it is whole and on the disk, or not there."""
    final, temporary = folder / DATABASE_FILE, folder / f"{DATABASE_FILE}.tmp"
    if final.exists():
        raise StorageFullError(f"{final} is there already; choose a new folder for the backup")
    make_durable(folder)
    try:
        temporary.unlink(missing_ok=True)
        copy_state(database, temporary)
        synchronize(temporary)
        temporary.rename(final)
        synchronize(folder)
    except OSError as error:
        raise StorageFullError(f"no backup can be written to {folder}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):  # what went wrong before says more
            temporary.unlink(missing_ok=True)
    return final


def copy_state(database: Database, target: Path) -> None:
    """Copy what one commit left. In memory a writer waits meanwhile, on the disk nobody does."""
    source = database.connect(READER_CACHE_KIB)
    try:
        with storage_errors(target):
            if not source.in_transaction:
                source.execute("BEGIN; SELECT 1 FROM meta").fetchone()  # else each commit would have it begin anew
            copy(source, target)
    finally:
        source.close()


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
