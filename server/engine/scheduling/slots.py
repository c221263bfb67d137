"""The workers' current runs, their predicted ends, and the pace of the queue. The lock is that of workers.py."""

import time
from collections.abc import Sequence

import msgspec

from server.engine.scheduling.job import QueuedText

# The weight of one run in the moving average of the pace, and the slowest pace that one run counts as.
PACE_WEIGHT = 0.05
SLOWEST_PACE = 10.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`concurrent_runs` execute at once; one thread more than that prepares the next run meanwhile.

    `probe` are the ids of a text that a replaced worker must compute before it serves. The event loop computes a lone
    text that takes no longer than `most_here_s`.
    """

    layout: str
    threads: int
    concurrent_runs: int
    max_tokens_per_run: int
    probe: list[int]
    most_here_s: float = 0.0


class RunFigures(msgspec.Struct, frozen=True):
    """One run: its texts, their tokens, the tokens computed with padding, and its seconds."""

    texts: int
    tokens: int
    computed_tokens: int
    seconds: float


class Slot:
    """One worker's place, and its run. Not `well` from the death of its thread until a new one has passed the probe."""

    __slots__ = ("busy_until_s", "drained_s", "ended", "expected_s", "name", "run", "started_s", "well")

    def __init__(self, name: str) -> None:
        self.name = name
        self.run: list[QueuedText] = []
        self.started_s: float | None = None  # when its run or probe began
        self.busy_until_s = 0.0
        self.expected_s = 0.0
        self.drained_s: float | None = None  # when its last run ended, if texts waited then
        self.well = True
        self.ended = False

    def begin_probe(self) -> None:
        self.started_s = time.perf_counter()

    def pass_probe(self) -> None:
        self.started_s, self.well = None, True

    def die(self) -> None:
        self.run, self.started_s, self.well, self.drained_s = [], None, False, None


class Slots:
    """The slots of a pool, of which `concurrent` execute at once, and that of the event loop, `here`."""

    def __init__(self, count: int, concurrent: int) -> None:
        self.concurrent = concurrent
        self.all = [Slot(f"worker-{number}") for number in range(count)]
        self.here = Slot("event loop")
        self.pace = 1.0  # seconds that a second of predicted work takes while texts wait

    @property
    def well(self) -> bool:
        """Whether every worker is well."""
        return all(slot.well for slot in self.all)

    @property
    def busy(self) -> int:
        """How many workers have a run."""
        return sum(bool(slot.run) for slot in self.all)

    @property
    def running(self) -> list[QueuedText]:
        """The texts of all current runs."""
        return [text for slot in (*self.all, self.here) for text in slot.run]

    def begin(self, slot: Slot, run: list[QueuedText], now_s: float, expected_s: float) -> None:
        slot.started_s, slot.busy_until_s, slot.expected_s = now_s, now_s + expected_s, expected_s
        slot.run = run

    def end(self, slot: Slot, *, more_waits: bool) -> None:
        """Note that a run is over, and update the pace by its time relative to the expected one."""
        now_s = time.perf_counter()
        if slot.drained_s is not None:
            ratio = (now_s - slot.drained_s) / max(1e-6, slot.expected_s)
            self.pace += PACE_WEIGHT * (min(ratio, SLOWEST_PACE) - self.pace)
        slot.drained_s = now_s if more_waits else None
        slot.run, slot.started_s = [], None

    def left_s(self, now_s: float) -> float:
        """Return the sum of the predicted seconds left of all current runs."""
        return sum(max(0.0, slot.busy_until_s - now_s) for slot in self.all if slot.run)

    def others_busy_s(self, slot: Slot, now_s: float) -> Sequence[float]:
        """Return how long each other well worker is still busy, 0 where it is idle."""
        others = [one for one in self.all if one is not slot and one.well]
        return [max(0.0, one.busy_until_s - now_s) if one.run else 0.0 for one in others]

    def longest_s(self) -> float:
        """Return how long the longest current run or probe has lasted; 0 if there is none."""
        now_s = time.perf_counter()
        starts = [slot.started_s for slot in (*self.all, self.here)]
        return max((now_s - start for start in starts if start is not None), default=0.0)
