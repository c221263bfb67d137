"""How long the queued texts will take, by the cost of runs and the recent pace of the queue.

Read without the workers' lock, so approximate: enough for a gauge, and for telling a caller when to retry.
"""

import time

import msgspec

from server.engine.scheduling.calibration import CostModel
from server.engine.scheduling.scheduler import Queue
from server.engine.scheduling.slots import Slots


class Backlog(msgspec.Struct, frozen=True):
    """What waits, and the predicted seconds until it and all current runs are done."""

    texts: int
    tokens: int
    jobs: int
    seconds: float


class Forecast:
    """Reads the queue and the slots, and changes neither."""

    def __init__(self, queue: Queue, slots: Slots, costs: CostModel) -> None:
        self._queue = queue
        self._slots = slots
        self._costs = costs

    def backlog(self) -> Backlog:
        queue = self._queue
        work_s = self._costs.cost.of_texts(queue.tokens, queue.squares) + self._slots.left_s(time.perf_counter())
        return Backlog(queue.texts, queue.tokens, queue.jobs, work_s * self._slots.pace / self._slots.concurrent)

    def seconds_of(self, tokens: int) -> float:
        """Return the seconds that so many tokens would take alone."""
        return tokens * self._costs.cost.token_s * self._slots.pace / self._slots.concurrent
