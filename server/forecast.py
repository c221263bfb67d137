"""How long what waits will take, at the cost that runs have and the pace that the queue has shown of late.

A glance without the workers' lock: good enough for a gauge, and for telling a caller when there will be room.
"""

import time

import msgspec

from server.calibration import CostModel
from server.lanes import Lanes
from server.scheduler import Queue


class Backlog(msgspec.Struct, frozen=True):
    """What waits, and the seconds until all of it and all that runs is done, at the pace of late."""

    texts: int
    tokens: int
    jobs: int
    seconds: float


class Forecast:
    """Reads the queue and the lanes; changes nothing."""

    def __init__(self, queue: Queue, lanes: Lanes, costs: CostModel) -> None:
        self._queue = queue
        self._lanes = lanes
        self._costs = costs

    def backlog(self) -> Backlog:
        """Return what waits now."""
        queue = self._queue
        work_s = self._costs.cost.of_texts(queue.tokens, queue.squares) + self._lanes.left_s(time.perf_counter())
        return Backlog(queue.texts, queue.tokens, queue.jobs, work_s * self._lanes.pace / self._lanes.count)

    def seconds_of(self, tokens: int) -> float:
        """Return the seconds of so many tokens, were they alone."""
        return tokens * self._costs.cost.token_s * self._lanes.pace / self._lanes.count
