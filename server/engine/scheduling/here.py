"""A lone text computed by the event loop itself: to hand it to a worker and be woken again would take longer.

Only where no worker has anything to do, and requests come one at a time, so that nobody waits for it. A run that fails
here is left to a worker, which meets the same fault and knows what follows from it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from server.engine.scheduling.execution import Execution
from server.engine.scheduling.job import Job, QueuedText
from server.engine.scheduling.slots import Slots
from server.logs import origin_of

log = logging.getLogger("vecd")

# So many requests in a row come alone before the event loop computes one: a wrong guess costs others a short run.
ENOUGH = 8
# Passes of the event loop until a request whose bytes came during a run has been begun.
PASSES = 2
# A run that takes so many times what one here may take tells of a machine on which predictions do not hold.
LATE = 2


class Requests(Protocol):
    """How many requests are in progress, and how many ever were, however short."""

    active: int
    entered: int


class Here:
    """Runs on the event loop, each of at most `most_s` predicted seconds; none where that is 0."""

    def __init__(self, execution: Execution, slots: Slots, idle: Callable[[], bool], most_s: float) -> None:
        self._execution = execution
        self._slots = slots
        self._idle = idle
        self._most_s = most_s
        self._in_a_row = 0  # requests that came alone

    async def compute(self, job: Job, encodings: Sequence[list[int]], requests: Requests) -> bool:
        """Compute a job now if it is one short text; return whether it is done. Call from the event loop."""
        self._in_a_row = self._in_a_row + 1 if requests.active == 1 else 0
        if self._in_a_row <= ENOUGH or len(encodings) > 1 or not self._idle():
            return False
        if not self._execution.costs.here_wins(len(encodings[0]), self._most_s):
            return False
        run, before = [QueuedText(encodings[0], job, 0)], requests.entered
        if (seconds := self._compute(job, run)) is None:
            return False
        try:
            # Whoever came meanwhile begins now, and finds that another request is in progress: neither is alone.
            for _ in range(PASSES):
                await asyncio.sleep(0)
            if requests.entered != before:  # even if they are answered already, as by the cache
                self._in_a_row = 0
        finally:  # also where the client has left; once the answer is on its way
            job.loop.call_soon(self._execution.count, run, seconds)
        return True

    def _compute(self, job: Job, run: list[QueuedText]) -> float | None:
        """Fill the job; return the seconds of its run, or None where it failed."""
        now_s, slot = time.perf_counter(), self._slots.here
        self._slots.begin(slot, run, now_s, self._execution.expected_s(run))
        try:
            rows, seconds = self._execution.run(run)
        except Exception as error:  # noqa: BLE001 - a worker meets it too
            log.warning("a run failed on the event loop: %s at %s", type(error).__name__, origin_of(error))
            return None
        finally:
            slot.run, slot.started_s = [], None
        if seconds > LATE * self._most_s:
            self._in_a_row = 0
        job.begin(now_s)  # not before: a worker begins what has failed here
        job.inference_s = seconds
        job.fill(0, rows[0])
        job.end(None)
        return seconds
