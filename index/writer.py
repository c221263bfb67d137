"""The one thread that writes. Jobs go in, futures come out; a future is done when its commit is on the disk.

Jobs that wait at the same time share a commit, at most 64 documents or 5 ms of them, each in a savepoint of its own:
one that fails takes nobody along. Jobs run in the order in which they came.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol, TypeVar

import apsw
import msgspec
import numpy as np
from numpy.typing import NDArray

from index.connections import meaning, storage_errors
from index.errors import ClosedError, StorageFullError
from index.rows import single

GROUP_DOCUMENTS, GROUP_S = 64, 0.005

T = TypeVar("T")
Row = NDArray[np.float32]


class Changes(msgspec.Struct):
    """What a job does to the vectors: keys with their rows that come, keys that go; or all are exchanged."""

    added: list[tuple[int, Row]] = []
    removed: list[int] = []
    exchanged: bool = False


class Follower(Protocol):
    """Whoever keeps what the database says in memory too. Called from the writer's thread alone."""

    def expect(self, changes: Changes) -> None:
        """Before the commit: the rows may be found from now on, readers of the database decide if they exist."""

    def applied(self, changes: Changes) -> None:
        """After the commit."""

    def abandoned(self, changes: Changes) -> None:
        """There is no commit: what was expected never comes."""


class Job(msgspec.Struct, eq=False):
    """Something to do within a transaction, and who waits for it."""

    work: Callable[[apsw.Connection, Changes], Any]
    future: Future[Any]
    documents: int


class Writer:
    """Owns the connection that writes, from construction until close.

    Counted here, so that whoever asks need not read: `documents` and `database_bytes` as of the last commit, `commits`
    since the start. `failed` says that a fault of our own ended the thread.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        path: Path | None,
        documents: int,
        follower: Follower,
        at: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._path = path
        self._follower = follower
        self._at = at
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._group: list[tuple[Job, Any]] = []
        self.commits = 0
        self.documents = documents
        self.database_bytes = self._database_bytes()
        self.failed = False
        self._thread = threading.Thread(target=self._run, name="index-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[apsw.Connection, Changes], T], documents: int = 1) -> Future[T]:
        """Have the work done in a transaction; the future is done after the commit."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise ClosedError("the index is closed")
            self._jobs.put(Job(work, future, documents))
        return future

    def close(self) -> None:
        """Do what was submitted, then close the connection."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    @property
    def waiting(self) -> int:
        """How many jobs wait for their turn."""
        return self._jobs.qsize()

    def _database_bytes(self) -> int:
        return int(single(self._connection, "PRAGMA page_count") * single(self._connection, "PRAGMA page_size"))

    def _run(self) -> None:
        ending = False
        try:
            while not ending:
                first = self._jobs.get()
                if first is None:
                    break
                changes, ending = self._commit_group(first)
                if changes is not None:
                    self._at("after_commit")
                    self._follower.applied(changes)
                self._settle(self._group)
        except BaseException as error:  # noqa: BLE001 - the thread's outermost frame: nobody may wait forever
            self.failed = True
            self._settle([(job, error) for job, _ in self._group])
            self._refuse(error)
        finally:
            self._connection.close()

    def _settle(self, group: list[tuple[Job, Any]]) -> None:
        for job, outcome in group:
            if job.future.done():
                continue
            if isinstance(outcome, BaseException):
                job.future.set_exception(outcome)
            else:
                job.future.set_result(outcome[0])

    def _refuse(self, error: BaseException) -> None:
        with self._lock:
            self._closed = True
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                self._settle([(job, error)])

    def _commit_group(self, first: Job) -> tuple[Changes | None, bool]:
        """Do the first job and those that wait; return what was committed, and whether it was the end.

        Who waits, and for what, is in `_group` from the beginning: cleaning up may itself fail.
        """
        started_s, documents, ending = time.monotonic(), 0, False
        outcomes = self._group = []
        changes = Changes()
        job: Job | None = first
        try:
            with storage_errors(self._path):
                self._connection.execute("BEGIN IMMEDIATE")
                while job is not None:
                    if job.future.set_running_or_notify_cancel():
                        outcomes.append((job, None))  # settled with the error of whatever ends the group
                        outcomes[-1] = (job, self._attempt(job, changes))
                        documents += job.documents
                    job = None
                    if (
                        not changes.exchanged  # whoever follows must have exchanged them before the next job
                        and documents < GROUP_DOCUMENTS
                        and time.monotonic() - started_s < GROUP_S
                        and not self._jobs.empty()
                    ):
                        job = self._jobs.get()
                        ending = job is None
                self._follower.expect(changes)
                database_bytes = self._database_bytes()
                self._connection.execute("COMMIT")
            self.commits += 1
            self.documents += len(changes.added) - len(changes.removed)
            self.database_bytes = database_bytes
        except BaseException as error:  # noqa: BLE001 - the outermost frame of the group: whoever waits hears of it
            if job is not None and all(job is not done for done, _ in outcomes):
                outcomes.append((job, None))
            outcomes[:] = [(job, error) for job, _ in outcomes]
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._follower.abandoned(changes)
            return None, ending
        return changes, ending

    def _attempt(self, job: Job, changes: Changes) -> tuple[Any] | Exception:
        """Return the job's result in a tuple, or its error where the transaction goes on without it."""
        own = Changes()
        self._connection.execute("SAVEPOINT job")
        try:
            result = job.work(self._connection, own)
        except Exception as error:  # whatever one job does wrong must not fail the others of its group
            disk = isinstance(error, StorageFullError) or meaning(error, self._path) is not None
            if disk or not self._connection.in_transaction:
                raise  # the disk's errors are everybody's
            self._connection.execute("ROLLBACK TO job")
            self._connection.execute("RELEASE job")
            return error
        self._connection.execute("RELEASE job")
        changes.added += own.added
        changes.removed += own.removed
        changes.exchanged |= own.exchanged
        return (result,)
