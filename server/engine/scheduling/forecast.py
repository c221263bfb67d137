"""How long what waits will take, at the cost that runs have and the pace that the queue has shown of late.

A glance without the workers' lock: good enough for a gauge, and for telling a caller when there will be room.
"""

import time

import msgspec

from server.engine.scheduling.calibration import CostModel
from server.engine.scheduling.scheduler import Queue
from server.engine.scheduling.slots import Slots


class Backlog(msgspec.Struct, frozen=True):
    """What waits, and the seconds until all of it and all that runs is done, at the pace of late."""

    texts: int
    tokens: int
    jobs: int
    seconds: float


class Forecast:
    """Reads the queue and the slots; changes nothing."""

    def __init__(self, queue: Queue, slots: Slots, costs: CostModel) -> None:
        self._queue = queue
        self._slots = slots
        self._costs = costs

    def backlog(self) -> Backlog:
        """Return what waits now."""
        queue = self._queue
        work_s = self._costs.cost.of_texts(queue.tokens, queue.squares) + self._slots.left_s(time.perf_counter())
        return Backlog(queue.texts, queue.tokens, queue.jobs, work_s * self._slots.pace / self._slots.concurrent)

    def seconds_of(self, tokens: int) -> float:
        """Return the seconds of so many tokens, were they alone."""
        return tokens * self._costs.cost.token_s * self._slots.pace / self._slots.concurrent
