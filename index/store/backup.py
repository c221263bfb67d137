"""Copies of a database, made while it is written to."""

import contextlib
from pathlib import Path

import apsw

from index.errors import StorageFullError
from index.store.connections import READER_CACHE_KIB, Database, storage_errors, uri_of
from index.store.disk import Disk, make_closed
from index.store.layout import DATABASE_FILE
from index.store.meta import forget_snapshots, forget_words

STEP_PAGES = 2_000  # 8 MB, between which Ctrl-C is heard


def back_up(database: Database, folder: Path, disk: Disk) -> Path:
    """Write the state of one commit to a new file in the folder; it is whole and on the disk, or not there."""
    final, temporary = folder / DATABASE_FILE, folder / f"{DATABASE_FILE}.tmp"
    if final.exists():
        raise StorageFullError(f"{final} is there already; choose a new folder for the backup")
    disk.make_durable_folder(folder)
    try:
        temporary.unlink(missing_ok=True)
        copy_commit(database, temporary)
        disk.synchronize(temporary)
        disk.rename(temporary, final)
        disk.synchronize(folder)
    except OSError as error:
        raise StorageFullError(f"no backup can be written to {folder}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):  # what went wrong before says more
            temporary.unlink(missing_ok=True)
    return final


def copy_commit(database: Database, target: Path) -> None:
    """Copy the state of one commit. In memory a writer waits meanwhile, on the disk it does not."""
    source = database.connect(READER_CACHE_KIB)
    try:
        with storage_errors(target):
            if not source.in_transaction:
                source.execute("BEGIN; SELECT 1 FROM meta").fetchone()  # or each commit would restart the copy
            copy_pages(source, target)
    finally:
        source.close()


def copy_pages(source: apsw.Connection, target_path: Path) -> None:
    """Copy all pages of one state; the copy names no snapshots and no words, since none lie beside it."""
    with contextlib.suppress(OSError):  # SQLite says what is wrong
        make_closed(target_path)
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
    target = apsw.Connection(uri_of(target_path), flags=flags)
    try:
        with target.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(STEP_PAGES)
        target.execute("PRAGMA journal_mode=DELETE").fetchall()
        forget_snapshots(target)
        forget_words(target)
    finally:
        target.close()
