"""When what was deleted or replaced goes from the files: the log is emptied, then the pages' unused parts are cleared.

Until the log is empty, it and the database under it hold what was there before. Called by the writer's thread alone,
between two commits, which wait for a piece of the work at most.
"""

import time

import apsw

from index.store.connections import Database
from index.store.disk import Disk
from index.store.leftovers import empty_log
from index.store.queries import single
from index.store.scrubbing import MAX_PAGES, Piece

AGAIN_S = 1.0  # where a reader or the disk is in the way
PATIENCE_MS = 20  # for readers of commits from before; those that come meanwhile need no log
PIECE_BYTES = 8 << 20  # 10 ms
RESTS = 9  # times what a piece took of a processor


class Emptying:
    """`due_s`, of the monotonic clock, is None while there is nothing to do, as in memory."""

    def __init__(self, database: Database, disk: Disk) -> None:
        self._database = database
        self._disk = disk
        self.due_s: float | None = None
        self._removed, self._place = False, 0

    def note(self, *, removed: bool) -> None:
        """Take in that something was written to the log, and whether anything went by that."""
        self._removed |= removed
        if self.due_s is None and self._database.path is not None:
            self.due_s = time.monotonic() + self._disk.erased_s

    @property
    def rest_s(self) -> float | None:
        """How long there is nothing to do; None is for good."""
        return None if self.due_s is None else max(0.0, self.due_s - time.monotonic())

    def step(self, connection: apsw.Connection) -> None:
        """Do a piece of the work where it is time: nobody is waited for longer than a moment."""
        if self.rest_s != 0:
            return
        started_s = time.thread_time()
        if not empty_log(connection, self._disk.busy_ms, PATIENCE_MS):
            self.due_s = time.monotonic() + AGAIN_S
            return
        try:
            done = not (self._removed or self._place) or self._scrub(connection)
        except (OSError, apsw.Error):
            self.due_s = time.monotonic() + AGAIN_S
            return
        taken_s = time.thread_time() - started_s
        self.due_s = None if done else time.monotonic() + RESTS * taken_s

    def _scrub(self, connection: apsw.Connection) -> bool:
        """Clear the next pages; return whether that was the last of them."""
        page_bytes, count = (int(single(connection, f"PRAGMA {name}")) for name in ("page_size", "page_count"))
        if count > MAX_PAGES:
            return True
        connection.release_memory()  # or the next commit would write the pages as they were
        connection.execute("BEGIN IMMEDIATE")  # nobody else may put anything into the log
        try:
            with self._database.staying() as path:
                Piece(path, page_bytes, self._place, PIECE_BYTES // page_bytes).scrub()
        finally:
            connection.execute("ROLLBACK")
            connection.release_memory()
        if self._place == 0:
            self._removed = False  # what goes from now on is for the next round
        self._place += PIECE_BYTES // page_bytes
        if self._place < count:
            return False
        self._place = 0
        return not self._removed
