"""Leaves nothing in the write-ahead log behind the last commit, where the next start could take it for commits."""

import os
from pathlib import Path

import apsw

from index.store.disk import Disk
from index.store.log import FRAME_BYTES, HEADER_BYTES
from index.store.queries import single


def empty_log(connection: apsw.Connection, busy_ms: int, patience_ms: int = 0) -> bool:
    """Move what the log holds into the database, and have the log begin anew; return whether that could be done.

    Readers, which are waited for so long, and the disk may hinder it. `busy_ms` is how long the connection waits for
    others afterwards.

    What a kill in the middle of a batch, or a commit that failed, leaves behind the last commit carries the salts of
    the present round: behind a commit that is cut short it would look like commits that are lost.
    """
    connection.set_busy_timeout(patience_ms)
    try:
        ((busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except apsw.Error:
        return False
    finally:
        connection.set_busy_timeout(busy_ms)
    return not busy


def cut_log(connection: apsw.Connection, path: Path, disk: Disk) -> bool:
    """Cut off what the log holds behind the last commit, and return whether that is certain; no room is needed.

    A commit that failed may lie there whole, if only its flush failed, and the next start would take it for done. Of
    the connection that writes, outside of a transaction.
    """
    try:
        pages, _ = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
        frame_bytes = FRAME_BYTES + int(single(connection, "PRAGMA page_size"))
        end, log = HEADER_BYTES + pages * frame_bytes if pages else 0, path.with_name(f"{path.name}-wal")
        if log.stat().st_size > end:
            os.truncate(log, end)
            disk.synchronize(log)
    except (OSError, apsw.Error):
        return False
    return True
