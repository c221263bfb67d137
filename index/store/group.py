"""Jobs that share a transaction: at most 64 documents or 5 ms of them, and the outcome of each."""

import queue
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import apsw
import msgspec

from index.documents.passages import Rows
from index.documents.settings import Settings

MAX_DOCUMENTS, MAX_S = 64, 0.005

T = TypeVar("T")


class Changes(msgspec.Struct):
    """What a job does, by the documents' keys: those that come with the rows of their passages, and those that go.

    Where all vectors are `exchanged`, the documents in `renamed` get new keys: those that go among them have the old.
    `settings` are the collection's, where it changes them, and `words` the folder that an index of words in another
    language is to have. `replaced` says that something else was overwritten. Some job brings a `lone` document.
    `held_s` is for how long the writer was held up after the commit.
    """

    added: list[tuple[int, Rows]] = []
    removed: list[int] = []
    renamed: list[int] = []
    exchanged: bool = False
    replaced: bool = False
    settings: Settings | None = None
    words: str | None = None
    lone: bool = False
    held_s: float = 0.0

    @property
    def leaves(self) -> bool:
        """Whether something is gone afterwards."""
        return bool(self.removed) or self.exchanged or self.replaced

    def add(self, others: "Changes") -> None:
        self.added += others.added
        self.removed += others.removed
        self.renamed += others.renamed
        self.exchanged |= others.exchanged
        self.replaced |= others.replaced
        self.settings = others.settings or self.settings
        self.words = others.words or self.words
        self.lone |= len(others.added) == 1


class Write(Future[T]):
    """What a job will have done. `held_s`: its writer was held up for so long (s), since the graph was far behind."""

    held_s: float = 0.0


class Job(msgspec.Struct, eq=False):
    """Something to do within a transaction, and the future that waits for it; `documents` is how many it writes."""

    work: Callable[[apsw.Connection, Changes], Any]
    future: Write[Any]
    documents: int
    result: Any = None
    error: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        self.error = error

    def settle(self, held_s: float = 0.0) -> None:
        """Set the future's result or error, unless it was cancelled or set before."""
        if self.future.done():
            return
        self.future.held_s = held_s
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Group:
    """A job is in its group from the moment it leaves the queue, so that its future is settled whatever fails.

    `last` says that the queue has ended.
    """

    def __init__(self, first: Job) -> None:
        self._started_s = time.monotonic()
        self._jobs = [first]
        self.changes = Changes()
        self.last = False

    @property
    def first(self) -> Job:
        return self._jobs[0]

    def take(self, waiting: "queue.SimpleQueue[Job | None]") -> Job | None:
        """Take the next job that waits into the group, if there is one and the group is not full."""
        if self._is_full() or waiting.empty():
            return None
        job = waiting.get()
        if job is None:
            self.last = True
        else:
            self._jobs.append(job)
        return job

    def _is_full(self) -> bool:
        return (
            self.changes.exchanged  # all vectors are to be exchanged in memory too before the next job
            or sum(job.documents for job in self._jobs) >= MAX_DOCUMENTS
            or time.monotonic() - self._started_s >= MAX_S
        )

    def fail(self, error: BaseException) -> None:
        """Give all jobs this error, whatever the outcome of each was."""
        for job in self._jobs:
            job.fail(error)

    def settle(self) -> None:
        for job in self._jobs:
            job.settle(self.changes.held_s)
