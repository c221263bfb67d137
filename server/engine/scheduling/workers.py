"""The threads that compute: each takes a run from the queue as soon as it is idle, and hands the rows back.

No timer: an idle worker takes what is there, and texts gather only while all workers are busy. A worker that dies fails
the jobs of its run, with the cause, and is replaced. The pool is not well until the replacement has passed the probe,
and never again once the pool is broken.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from server.contract.errors import InferenceError, ServerError, UnavailableError
from server.engine.scheduling.calibration import CostModel
from server.engine.scheduling.cores import yield_to_others
from server.engine.scheduling.execution import Execution
from server.engine.scheduling.forecast import Forecast
from server.engine.scheduling.here import Here
from server.engine.scheduling.job import Job, QueuedText, deadline_error, end_all
from server.engine.scheduling.scheduler import Limits, Queue
from server.engine.scheduling.slots import Plan, RunFigures, Slot, Slots
from server.engine.sessions.session import Session
from server.logs import origin_of

log = logging.getLogger("vecd")

# After so many runs in a row that killed their worker, the fault is not in the texts. After so many texts in a row that
# could not be computed, the probe shows whether any can.
MAX_DEATHS, MAX_FAILURES = 5, 20
# A replacement waits this long, so that a fault that kills every worker cannot keep a core busy.
RESPITE_S = 0.5


class Workers:
    """A pool of threads over one session."""

    def __init__(
        self, session: Session, queue: Queue, costs: CostModel, plan: Plan, on_run: Callable[[RunFigures], None]
    ) -> None:
        self.plan = plan
        self.slots = Slots(plan.threads, plan.concurrent_runs)
        self.forecast = Forecast(queue, self.slots, costs)
        self.broken: ServerError | None = None  # why the pool can never compute again, if it is broken
        self.deaths = 0
        self._on_broken: Callable[[], None] = lambda: None
        self._execution = Execution(session, costs, plan.layout, on_run)
        self.here = Here(self._execution, self.slots, lambda: self.idle, plan.most_here_s)
        self._queue = queue
        self._costs = costs
        self._stopping = False
        self._ending = threading.Event()  # set when the pool stops or breaks
        self._deaths_in_a_row = self._failures_in_a_row = 0
        self._changed = threading.Condition()

    @property
    def well(self) -> bool:
        return not (self._stopping or self.broken) and self.slots.well

    @property
    def idle(self) -> bool:
        """Whether the pool is well, has nothing to do, and computed what it had last, which ends a row of faults."""
        faults = self._deaths_in_a_row or self._failures_in_a_row
        return self.well and not (faults or self._queue or self.slots.busy)

    def call_when_broken(self, callback: Callable[[], None]) -> None:
        """Set a callback that is called once, from any thread, when the pool can never compute again."""
        self._on_broken = callback

    def start(self) -> None:
        for slot in self.slots.all:
            self._spawn(slot, replaced=False)

    def _spawn(self, slot: Slot, *, replaced: bool) -> None:
        threading.Thread(target=self._work, args=(slot, replaced), name=slot.name, daemon=True).start()

    def submit(self, job: Job, encodings: Sequence[list[int]]) -> None:
        """Queue all texts of a job; call from the event loop, then wait for `job.future`.

        Raises:
            UnavailableError: the pool is stopping or broken.
        """
        with self._changed:
            if self._stopping or self.broken:
                message = "the server is stopping" if self._stopping else f"the server must restart: {self.broken}"
                raise UnavailableError(message)
            self._queue.push(job, encodings)
            self._changed.notify(len(encodings))

    def discard(self, job: Job) -> None:
        """Remove the waiting texts of a job whose caller left."""
        with self._changed:
            self._queue.discard(job)

    def expire(self, job: Job) -> None:
        """Fail a job whose time has passed, unless its work has begun; call from the event loop."""
        with self._changed:
            if job.begun:
                return
            self._queue.discard(job)
        job.fail(deadline_error())

    def stop(self) -> None:
        """Accept no more jobs, finish those that wait, end the threads; a broken pool is left as it is."""
        with self._changed:
            self._stopping = True
            self._ending.set()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.broken or all(slot.ended for slot in self.slots.all))

    def break_down(self, why: str) -> None:
        """Fail all jobs, now and later: the pool cannot go on."""
        with self._changed:
            if self.broken:
                return
            self.broken = error = UnavailableError(why)
            self._ending.set()
            jobs = self._queue.clear() | {text.job for text in self.slots.running}
            self._changed.notify_all()
        log.critical("the engine is broken: %s", why)
        end_all(jobs, error)
        self._on_broken()

    def _work(self, slot: Slot, replaced: bool) -> None:
        yield_to_others()
        try:
            if replaced:
                self._prove(slot)
            while run := self._next(slot):
                self._compute(run, alone=self._alone(run))
                self._finish(slot)
            with self._changed:
                slot.ended = True
                self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001 - outermost frame: the callers of its run must learn of it
            self._die(slot, error)

    def _prove(self, slot: Slot) -> None:
        self._ending.wait(RESPITE_S)
        slot.begin_probe()
        self._execution.probe(self.plan.probe)
        slot.pass_probe()

    def _next(self, slot: Slot) -> list[QueuedText]:
        """Wait for a run; an empty one ends the thread."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._may_run() or self._stopping or self.broken)
                if self.broken or not self._queue:
                    return []
                if run := self._take(slot):
                    return run

    def _may_run(self) -> bool:
        # A run that could only be prepared, not executed, gathers more texts instead, until it is full.
        free = self.slots.busy < self.slots.concurrent
        return bool(self._queue) and (free or self._queue.tokens >= self.plan.max_tokens_per_run)

    def _take(self, slot: Slot) -> list[QueuedText]:
        now_s = time.perf_counter()
        cost = self._costs.cost
        share_s = float("inf")
        if self.slots.concurrent > 1:
            share_s = self._queue.share_s(cost, self.slots.others_busy_s(slot, now_s))
        limits = Limits(self.plan.max_tokens_per_run, share_s)
        run, overdue = [], set()
        for text in self._queue.take(cost, limits, now_s):
            if text.job.overdue(now_s):
                overdue.add(text.job)
            elif not text.job.future.done():  # it is done where its caller left or another of its texts failed
                text.job.begin(now_s)
                run.append(text)
        for job in overdue:
            self._queue.discard(job)
        end_all(overdue, deadline_error())
        if run:
            self.slots.begin(slot, run, now_s, self._execution.expected_s(run))
        return run

    def _alone(self, run: list[QueuedText]) -> bool:
        """Return whether a run is one text that all cores compute sooner, and no other run needs them."""
        lone = len(run) == 1 and not self._queue and self.slots.busy == 1 < self.slots.concurrent
        return lone and self._costs.all_cores_win(len(run[0].ids))

    def _compute(self, run: list[QueuedText], *, alone: bool) -> None:
        try:
            rows, seconds = self._execution.run(run, all_cores=alone)
        except InferenceError as error:
            self._halve(run, error)
            return
        tokens = sum(len(text.ids) for text in run)
        finished = []
        with self._changed:
            if self.broken:
                return  # too late: all jobs have failed, and the event loop may be closed
            for text, row in zip(run, rows, strict=True):
                text.job.inference_s += seconds * len(text.ids) / tokens
                if text.job.fill(text.index, row):
                    finished.append(text.job)
            self._deaths_in_a_row = self._failures_in_a_row = 0
        end_all(finished)
        self._execution.count(run, seconds, all_cores=alone)

    def _halve(self, run: list[QueuedText], error: InferenceError) -> None:
        """Repeat a failed run in halves, until the text that cannot be computed fails alone."""
        middle = len(run) // 2
        if middle:
            self._compute(run[:middle], alone=False)
            self._compute(run[middle:], alone=False)
        else:
            self.discard(run[0].job)
            end_all([run[0].job], error)
            self._doubt(error)

    def _doubt(self, error: InferenceError) -> None:
        """After many failures, run the probe, which shows whether the texts are at fault or the session."""
        self._failures_in_a_row += 1
        if self._failures_in_a_row % MAX_FAILURES:
            return
        try:
            self._execution.probe(self.plan.probe)
        except InferenceError:
            self.break_down(f"no text can be computed any more: {error}")

    def _finish(self, slot: Slot) -> None:
        with self._changed:
            self.slots.end(slot, more_waits=bool(self._queue))
            if self.plan.threads > self.slots.concurrent:
                self._changed.notify_all()  # the prepared run may begin

    def _die(self, slot: Slot, error: BaseException) -> None:
        with self._changed:
            jobs = {text.job for text in slot.run}
            for job in jobs:
                self._queue.discard(job)
            between_runs = slot.well and not slot.run
            slot.die()
            self.deaths += 1
            self._deaths_in_a_row += 1
            self._changed.notify_all()  # its place is free
        log.error("an inference worker died: %s at %s", type(error).__name__, origin_of(error))
        cause = UnavailableError("an inference worker died")
        cause.__cause__ = error
        end_all(jobs, cause)
        if between_runs:  # the texts that it was about to take are lost
            self.break_down(f"the scheduler failed: {type(error).__name__}")
        if self._deaths_in_a_row >= MAX_DEATHS:
            self.break_down(f"{MAX_DEATHS} workers died in a row, the last of {type(error).__name__}")
        if not self.broken:
            self._spawn(slot, replaced=True)
