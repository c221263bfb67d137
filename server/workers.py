"""The threads that compute: each takes a run from the queue as soon as it is idle, and hands the rows back.

No timer: an idle worker takes what is there, and texts gather only while all workers are busy. A worker that dies
fails everyone who waits, with the cause, and the pool stays failed.
"""

import threading
import time
from collections.abc import Sequence

from server.errors import OverloadedError, ServerError, UnavailableError
from server.jobs import Job
from server.scheduler import Queue, Waiting
from server.session import Session

# Two cores take a third off a lone text of 64 tokens and a fifth off one of 16, which is not worth both
# (bench/results/scale-zen4.json, best rounds).
LONE_TOKENS = 64


class Workers:
    """A pool of threads over one session."""

    def __init__(
        self, session: Session, queue: Queue, count: int, max_tokens_per_run: int, max_queue_tokens: int
    ) -> None:
        self._session = session
        self._max_tokens_per_run = max_tokens_per_run
        self._max_queue_tokens = max_queue_tokens
        self._queue = queue
        self._idle = 0
        self._stopping = False
        self._dead: BaseException | None = None
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._work, name=f"worker-{i}", daemon=True) for i in range(count)]

    @property
    def alive(self) -> bool:
        """False from the moment a worker has died or the pool stops."""
        return self._dead is None and not self._stopping

    @property
    def queued_tokens(self) -> int:
        """Tokens that wait for a run."""
        return self._queue.tokens

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def submit(self, encodings: Sequence[list[int]], output: str) -> Job:
        """Queue all texts of a job, or none; call from the event loop, then wait for `job.future`.

        Raises:
            OverloadedError: the texts do not fit into the queue.
            UnavailableError: the pool is stopping or a worker died.
        """
        job = Job(len(encodings), output, time.perf_counter())
        tokens = sum(map(len, encodings))
        with self._changed:
            if not self.alive:
                message = "the server is stopping" if self._dead is None else "an inference worker died"
                raise UnavailableError(message) from self._dead
            # A job larger than the whole bound is still taken when nothing else waits.
            if self._queue.tokens and self._queue.tokens + tokens > self._max_queue_tokens:
                message = f"{self._queue.tokens} tokens wait already, max_queue_tokens is {self._max_queue_tokens}"
                raise OverloadedError(message)
            for index, ids in enumerate(encodings):
                self._queue.push(Waiting(ids, job, index))
            self._changed.notify(len(encodings))
        return job

    def stop(self) -> None:
        """Take no more, finish what somebody still waits for, end the threads."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        run: list[Waiting] = []
        try:
            while taken := self._next():
                run, alone = taken
                self._compute(run, alone=alone)
        except BaseException as error:  # noqa: BLE001 - outermost frame: whoever waits must learn of it
            self._die(error, run)

    def _next(self) -> tuple[list[Waiting], bool] | None:
        """Wait for a run. The flag says that nobody else wants the cores."""
        with self._changed:
            run: list[Waiting] = []
            while not run:
                self._idle += 1
                self._changed.wait_for(lambda: self._queue or self._stopping or self._dead)
                self._idle -= 1
                if self._dead is not None or not self._queue:
                    return None
                # A job that is done already has failed, or its caller has left.
                taken = self._queue.take(min(self._max_tokens_per_run, self._fair_share()))
                run = [waiting for waiting in taken if not waiting.job.future.done()]
            others_idle = self._idle == len(self._threads) - 1
            alone = others_idle and not self._queue and len(run) == 1 and len(run[0].ids) >= LONE_TOKENS
            return run, alone

    def _fair_share(self) -> int:
        """Return the tokens of a run that leaves as much for every worker that is idle too."""
        return -(-self._queue.tokens // (self._idle + 1))

    def _compute(self, run: list[Waiting], *, alone: bool) -> None:
        start = time.perf_counter()
        try:
            rows = self._session.run([waiting.ids for waiting in run], run[0].job.output, all_cores=alone)
        except ServerError as error:
            self._retry(run, error)
            return
        seconds = time.perf_counter() - start
        tokens = sum(len(waiting.ids) for waiting in run)
        finished = []
        with self._changed:
            for waiting, row in zip(run, rows, strict=True):
                job = waiting.job
                job.rows[waiting.index] = row
                job.queue_s = job.queue_s or start - job.submitted_s
                job.inference_s += seconds * len(waiting.ids) / tokens
                job.missing -= 1
                if job.missing == 0:
                    finished.append(job)
        for job in finished:
            job.loop.call_soon_threadsafe(job.resolve)

    def _retry(self, run: list[Waiting], error: ServerError) -> None:
        """Halve a run that failed until the text that cannot be computed fails alone."""
        if len(run) == 1:
            self._fail({run[0].job}, error)
            return
        middle = len(run) // 2
        for half in (run[:middle], run[middle:]):
            self._compute(half, alone=False)

    def _die(self, error: BaseException, run: list[Waiting]) -> None:
        with self._changed:
            self._dead = error
            left = {waiting.job for waiting in (*run, *self._queue.clear())}
            self._changed.notify_all()
        cause = UnavailableError("an inference worker died")
        cause.__cause__ = error
        self._fail(left, cause)

    @staticmethod
    def _fail(jobs: set[Job], error: BaseException) -> None:
        for job in jobs:
            job.loop.call_soon_threadsafe(job.fail, error)
