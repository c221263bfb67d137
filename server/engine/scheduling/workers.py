"""The threads that compute: each takes a run from the queue as soon as it is idle, and hands the rows back.

No timer: an idle worker takes what is there, and texts gather only while all workers are busy. A worker that dies
fails those who wait for its run, with the cause, and is replaced; until the new one has proved itself, and for ever
once the pool is broken, the pool is not well.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from server.contract.errors import InferenceError, ServerError, UnavailableError
from server.engine.scheduling.calibration import CostModel
from server.engine.scheduling.cores import yield_to_others
from server.engine.scheduling.cost import Observation
from server.engine.scheduling.forecast import Forecast
from server.engine.scheduling.job import Job, Waiting, end_all, late
from server.engine.scheduling.scheduler import Limits, Queue, computed
from server.engine.scheduling.slots import Plan, RunFigures, Slot, Slots
from server.engine.sessions.session import Session
from server.logs import places

log = logging.getLogger("vecd")

# So many runs in a row that each killed its worker are no text's fault. After so many texts in a row that could not be
# computed, the probe tells whether any can.
MOST_DEATHS, MOST_FAILURES = 5, 20
# A replacement waits this long, so that what kills every worker at once cannot keep a core busy.
RESPITE_S = 0.5


class Workers:
    """A pool of threads over one session."""

    def __init__(
        self, session: Session, queue: Queue, costs: CostModel, plan: Plan, on_run: Callable[[RunFigures], None]
    ) -> None:
        self.plan = plan
        self.slots = Slots(plan.threads, plan.concurrent_runs)
        self.forecast = Forecast(queue, self.slots, costs)
        self.broken: ServerError | None = None  # why the pool will never compute again, if that is so
        self.deaths = 0
        self._on_broken: Callable[[], None] = lambda: None
        self._session = session
        self._queue = queue
        self._costs = costs
        self._on_run = on_run
        self._stopping = False
        self._ending = threading.Event()  # set when the pool stops or breaks: nobody has to rest before that
        self._deaths_in_a_row = self._failures_in_a_row = 0
        self._changed = threading.Condition()

    @property
    def well(self) -> bool:
        return not (self._stopping or self.broken) and self.slots.well

    def call_when_broken(self, callback: Callable[[], None]) -> None:
        """Have this called once, from any thread, when the pool can never compute again."""
        self._on_broken = callback

    def start(self) -> None:
        for slot in self.slots.all:
            self._spawn(slot, replaced=False)

    def _spawn(self, slot: Slot, *, replaced: bool) -> None:
        threading.Thread(target=self._work, args=(slot, replaced), name=slot.name, daemon=True).start()

    def submit(self, job: Job, encodings: Sequence[list[int]]) -> None:
        """Queue all texts of a job, or none; call from the event loop, then wait for `job.future`.

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
        """Forget what waits of a job whose caller left."""
        with self._changed:
            self._queue.discard(job)

    def expire(self, job: Job) -> None:
        """Fail a job whose time has passed, unless its work has begun; call from the event loop."""
        with self._changed:
            if job.begun:
                return
            self._queue.discard(job)
        job.fail(late())

    def stop(self) -> None:
        """Take no more, finish what somebody still waits for, end the threads; a broken pool is left as it is."""
        with self._changed:
            self._stopping = True
            self._ending.set()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.broken or all(slot.ended for slot in self.slots.all))

    def break_down(self, why: str) -> None:
        """Fail everyone who waits, now and later: the pool cannot go on."""
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
        except BaseException as error:  # noqa: BLE001 - outermost frame: whoever waits must learn of it
            self._die(slot, error)

    def _prove(self, slot: Slot) -> None:
        self._ending.wait(RESPITE_S)
        slot.started_s = time.perf_counter()
        self._session.run([self.plan.probe], "sentence_embedding")
        slot.started_s = None
        slot.well = True

    def _next(self, slot: Slot) -> list[Waiting]:
        """Wait for a run; an empty one ends the thread."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._may_run() or self._stopping or self.broken)
                if self.broken or not self._queue:
                    return []
                if run := self._take(slot):
                    return run

    def _may_run(self) -> bool:
        # A run that would only be prepared can gather texts instead, until it is full.
        free = self.slots.busy < self.slots.concurrent
        return bool(self._queue) and (free or self._queue.tokens >= self.plan.max_tokens_per_run)

    def _take(self, slot: Slot) -> list[Waiting]:
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
            elif not text.job.future.done():  # its caller has left, or another of its texts failed
                text.job.begin(now_s)
                run.append(text)
        for job in overdue:
            self._queue.discard(job)
        end_all(overdue, late())
        if run:
            self.slots.begin(slot, run, now_s, cost.run_s + cost.of_texts(*computed(run, self.plan.layout)))
        return run

    def _alone(self, run: list[Waiting]) -> bool:
        """Tell whether a run is one text that all cores compute sooner, and nobody else wants them."""
        lone = len(run) == 1 and not self._queue and self.slots.busy == 1 < self.slots.concurrent
        return lone and self._costs.all_cores_win(len(run[0].ids))

    def _compute(self, run: list[Waiting], *, alone: bool) -> None:
        start_s = time.perf_counter()
        try:
            rows = self._session.run([text.ids for text in run], run[0].job.output, all_cores=alone)
        except InferenceError as error:
            self._halve(run, error)
            return
        seconds = time.perf_counter() - start_s
        tokens = sum(len(text.ids) for text in run)
        finished = []
        with self._changed:
            if self.broken:
                return  # too late: everyone has been told, and the event loop may be gone
            for text, row in zip(run, rows, strict=True):
                text.job.inference_s += seconds * len(text.ids) / tokens
                if text.job.fill(text.index, row):
                    finished.append(text.job)
            self._deaths_in_a_row = self._failures_in_a_row = 0
        end_all(finished)
        with_padding, squares = computed(run, self.plan.layout)
        self._costs.observe(Observation(with_padding, squares, seconds), all_cores=alone)
        self._on_run(RunFigures(len(run), tokens, with_padding, seconds))

    def _halve(self, run: list[Waiting], error: InferenceError) -> None:
        """Repeat a run that failed by halves until the text that cannot be computed fails alone."""
        middle = len(run) // 2
        if middle:
            self._compute(run[:middle], alone=False)
            self._compute(run[middle:], alone=False)
        else:
            self.discard(run[0].job)
            end_all([run[0].job], error)
            self._doubt(error)

    def _doubt(self, error: InferenceError) -> None:
        """Ask the probe, after many failures, whether the texts are to blame or the session."""
        self._failures_in_a_row += 1
        if self._failures_in_a_row % MOST_FAILURES:
            return
        try:
            self._session.run([self.plan.probe], "sentence_embedding")
        except InferenceError:
            self.break_down(f"no text can be computed any more: {error}")

    def _finish(self, slot: Slot) -> None:
        with self._changed:
            self.slots.end(slot, more_waits=bool(self._queue))
            if self.plan.threads > self.slots.concurrent:
                self._changed.notify_all()  # the run that was prepared may begin

    def _die(self, slot: Slot, error: BaseException) -> None:
        with self._changed:
            jobs = {text.job for text in slot.run}
            for job in jobs:
                self._queue.discard(job)
            between_runs = slot.well and not slot.run
            slot.run, slot.started_s, slot.well, slot.drained_s = [], None, False, None
            self.deaths += 1
            self._deaths_in_a_row += 1
            self._changed.notify_all()  # its place is free
        log.error("an inference worker died: %s at %s", type(error).__name__, places(error))
        cause = UnavailableError("an inference worker died")
        cause.__cause__ = error
        end_all(jobs, cause)
        if between_runs:  # what it was about to take is lost
            self.break_down(f"the scheduler failed: {type(error).__name__}")
        if self._deaths_in_a_row >= MOST_DEATHS:
            self.break_down(f"{MOST_DEATHS} workers died in a row, the last of {type(error).__name__}")
        if not self.broken:
            self._spawn(slot, replaced=True)
