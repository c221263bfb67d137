"""The one thread that writes. Jobs go in, futures come out; a future is done when its commit is on the disk.

Jobs that wait at the same time share a commit, each in a savepoint of its own: one that fails takes no other along.
Jobs run in the order in which they came.
"""

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

import apsw

from index.errors import ClosedError, IndexRoomError, ReopenedError, StorageFullError
from index.store.connections import Database, is_of_surroundings, meaning, storage_errors
from index.store.disk import Disk
from index.store.emptying import Emptying
from index.store.expiry import first_expiry
from index.store.group import Changes, Group, Job, Write
from index.store.leftovers import cut_log, empty_log
from index.store.queries import single
from index.store.shared import Shared

T = TypeVar("T")


class Follower(Protocol):
    """Keeps in memory what the database says. Called from the writer's thread alone."""

    def admit(self, before: Changes, changes: Changes) -> None:
        """Before a job joins those whose changes come before it; MemoryFullError refuses it, and no other."""

    def expect(self, changes: Changes) -> None:
        """Before the commit: the rows may be found from now on, readers of the database decide if they exist."""

    def applied(self, changes: Changes) -> None:
        """After the commit."""

    def abandoned(self, changes: Changes) -> None:
        """There is no commit: what was expected never comes."""


class Writer:
    """Owns the connection that writes, from construction until close.

    `documents`, `database_bytes` and `stale`, whether other settings cut some texts, are as of the last commit,
    `commits` are counted since the start: to read them takes no query. No document expires before `next_expiry_ms`,
    None is never: who reads the clock, then this, and then begins a transaction sees none that had expired unless it
    says so. `failed` says that a fault of our own ended the thread.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        database: Database,
        documents: int,
        follower: Follower,
        disk: Disk,
        shared: Shared,
    ) -> None:
        self._connection = connection
        self._database = database
        self._follower = follower
        self._disk = disk
        self._shared = shared
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed: IndexRoomError | None = None
        self.commits = 0
        self.documents = documents
        self.database_bytes, self.stale = self._measured()
        self.next_expiry_ms = first_expiry(connection)
        self.failed = False
        self._emptying = Emptying(database, disk)
        self._emptying.note(removed=True)  # what a kill left
        self._thread = threading.Thread(target=self._run, name="index-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[apsw.Connection, Changes], T], documents: int = 1) -> Write[T]:
        """Have the work done in a transaction; the future is done after the commit."""
        future: Write[T] = Write()
        with self._lock:
            if self._closed is not None:
                raise self._closed
            self._jobs.put(Job(work, future, documents))
        return future

    def expect_expiry(self, instant_ms: int) -> None:
        """Take note of a document to be inserted, in the writer's thread and before the clock is asked about it."""
        self.next_expiry_ms = instant_ms if self.next_expiry_ms is None else min(self.next_expiry_ms, instant_ms)

    def close(self, reason: IndexRoomError | None = None) -> None:
        """Do what was submitted, then close the connection. Whoever submits more gets the reason."""
        with self._lock:
            if self._closed is None:
                self._jobs.put(None)
            self._closed = reason or self._closed or ClosedError("the index is closed")
        self._thread.join()

    @property
    def waiting(self) -> int:
        """How many jobs wait for their turn."""
        return self._jobs.qsize()

    def _measured(self) -> tuple[int, bool]:
        size = int(single(self._connection, "PRAGMA page_count") * single(self._connection, "PRAGMA page_size"))
        return size, bool(single(self._connection, "SELECT EXISTS (SELECT 1 FROM stale)"))

    def _run(self) -> None:
        group: Group | None = None
        try:
            while (group is None or not group.last) and (first := self._next()) is not None:
                group = Group(first)
                try:
                    if self._commit(group):
                        self._disk.reach("after_commit")
                        self._follower.applied(group.changes)
                except BaseException:  # whatever it was: this is said before anybody is told that it is done
                    self.failed = True
                    raise
                finally:
                    group.settle()  # what is committed is acknowledged, whatever fails after it
        except BaseException as error:  # the thread's outermost frame: no future may wait forever
            self.failed = True
            self._refuse(error)
            self._shared.report()
            if not is_of_surroundings(error):
                raise
        finally:
            self._connection.close()

    def _next(self) -> Job | None:
        """Wait for the next job, None at the end; empty the log where it is time."""
        while True:
            self._emptying.step(self._connection)
            with contextlib.suppress(queue.Empty):
                return self._jobs.get(timeout=self._emptying.rest_s)

    def _refuse(self, error: BaseException) -> None:
        """Fail all jobs that wait, and take no more."""
        with self._lock:
            self._closed = self._closed or ReopenedError()
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                job.fail(error)
                job.settle()

    def _commit(self, group: Group) -> bool:
        """Do the group's first job and those that wait. Return whether they were committed; if not, all have failed."""
        committing = False
        try:
            with storage_errors(self._database.path):
                self._connection.execute("BEGIN IMMEDIATE")
                job: Job | None = group.first
                while job is not None:
                    self._attempt(job, group.changes)
                    job = group.take(self._jobs)
                self._follower.expect(group.changes)
                measured, next_expiry_ms = self._measured(), first_expiry(self._connection)
                committing = True
                self._connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001 - the outermost frame of the group: its futures get the error
            group.fail(error)
            if not self._undo() and committing:
                group.fail(unknown(error))
            self._follower.abandoned(group.changes)
            return False
        self.commits += 1
        self._emptying.note(removed=group.changes.leaves)
        changes = group.changes
        self.documents += len(changes.added) + len(changes.renamed) - len(changes.removed)
        self.database_bytes, self.stale = measured
        self.next_expiry_ms = next_expiry_ms
        return True

    def _undo(self) -> bool:
        """Leave nothing of a transaction that failed; return whether that is certain."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        cut = self._database.path is None or self._cut()
        return empty_log(self._connection, self._disk.busy_ms) or cut

    def _cut(self) -> bool:
        with self._database.staying() as path:
            return cut_log(self._connection, path, self._disk)

    def _attempt(self, job: Job, changes: Changes) -> None:
        """Do a job that was not cancelled; its error is its own where the transaction can go on without it."""
        if not job.future.set_running_or_notify_cancel():
            return
        own = Changes()
        self._connection.execute("SAVEPOINT job")
        try:
            job.result = job.work(self._connection, own)
            self._follower.admit(changes, own)
        except Exception as error:  # whatever one job does wrong must not fail the others of its group
            of_the_disk = isinstance(error, StorageFullError) or meaning(error, self._database.path) is not None
            if of_the_disk or not self._connection.in_transaction:
                raise  # the disk's errors are everybody's
            self._connection.execute("ROLLBACK TO job")
            self._connection.execute("RELEASE job")
            job.fail(error)
            return
        self._connection.execute("RELEASE job")
        changes.add(own)


def unknown(error: BaseException) -> BaseException:
    """Return the error of a commit that failed and may yet be found after a start."""
    if not isinstance(error, StorageFullError):
        return error
    return StorageFullError(f"{error}. Whether this was written is not known before the next write or start")
