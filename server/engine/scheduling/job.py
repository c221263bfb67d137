"""A job: the texts that one caller waits for together, filled row by row by the workers that compute them."""

import asyncio
import time
from collections.abc import Collection

import msgspec
import numpy as np
from numpy.typing import NDArray

from server.contract.errors import DeadlineError, ServerError


class Job:
    """The rows of `size` texts, and the future that is done when all are there.

    Made and ended in the event loop; filled by workers, under their lock.
    """

    __slots__ = (
        "begun",
        "client",
        "deadline_s",
        "future",
        "inference_s",
        "loop",
        "missing",
        "output",
        "queue_s",
        "rows",
        "served_s",
        "submitted_s",
    )

    def __init__(
        self,
        size: int,
        output: str,
        client: str = "",
        timeout_s: float | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.loop = loop or asyncio.get_running_loop()
        self.future: asyncio.Future[None] = self.loop.create_future()
        self.output = output
        self.client = client
        self.rows: list[NDArray[np.float32] | None] = [None] * size
        self.missing = size
        self.submitted_s = time.perf_counter()
        self.served_s = self.submitted_s  # when a run last took one of its texts
        self.deadline_s = None if timeout_s is None else self.submitted_s + timeout_s
        self.begun = False
        self.queue_s = 0.0  # until the first of its runs began
        self.inference_s = 0.0  # of all its runs, shared by tokens with the other texts in them

    def begin(self, now_s: float) -> None:
        """Note that a run with a text of this job begins."""
        self.served_s = now_s
        if not self.begun:
            self.begun = True
            self.queue_s = now_s - self.submitted_s

    def fill(self, index: int, row: NDArray[np.float32]) -> bool:
        """Set a row; return whether it was the last one."""
        self.rows[index] = row
        self.missing -= 1
        return self.missing == 0

    def overdue(self, now_s: float) -> bool:
        """Return whether its time passed before it began."""
        return not self.begun and self.deadline_s is not None and now_s > self.deadline_s

    def fail(self, error: ServerError) -> None:
        """Wake the caller with an error; may be called from any thread."""
        end_all([self], error)

    def end(self, error: ServerError | None) -> None:
        """Wake the caller, with the error if its job failed; call from the event loop."""
        if self.future.done():  # cancelled by a caller that left
            return
        if error is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(error)


class QueuedText(msgspec.Struct, frozen=True, gc=False):
    """One text of a job that waits for a run; `index` is its place in the job."""

    ids: list[int]
    job: Job
    index: int


def deadline_error() -> DeadlineError:
    return DeadlineError("the time for this request passed before its work began")


def end_all(jobs: Collection[Job], error: ServerError | None = None) -> None:
    """Wake the callers of all these jobs, which share an event loop, with one call to it; from any thread."""
    if not jobs:
        return
    loop = next(iter(jobs)).loop
    try:
        loop.call_soon_threadsafe(_end_all, jobs, error)
    except RuntimeError:
        if not loop.is_closed():  # a closed loop has no callers left
            raise


def _end_all(jobs: Collection[Job], error: ServerError | None) -> None:
    for job in jobs:
        job.end(error)
