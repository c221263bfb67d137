"""Who is at which run, until when, and how fast the queue drains. No lock and no thread of its own: see workers.py."""

import time
from collections.abc import Sequence

import msgspec

from server.engine.scheduling.job import Waiting

# How fast the pace of the queue follows what is seen, and the most that one run may count.
PACE_WEIGHT = 0.05
SLOWEST_PACE = 10.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How runs are made. `concurrent_runs` execute at once; a thread more than that prepares the next run meanwhile.

    `probe` is a text's ids, on which a replaced worker proves itself.
    """

    layout: str
    threads: int
    concurrent_runs: int
    max_tokens_per_run: int
    probe: list[int]


class RunFigures(msgspec.Struct, frozen=True):
    """What one run was: its texts, their tokens, the tokens computed with padding, and its seconds."""

    texts: int
    tokens: int
    computed_tokens: int
    seconds: float


class Slot:
    """One worker's place, and the run it is at. `well` until its thread dies, and again when a new one is proven."""

    __slots__ = ("busy_until_s", "drained_s", "ended", "expected_s", "name", "run", "started_s", "well")

    def __init__(self, name: str) -> None:
        self.name = name
        self.run: list[Waiting] = []
        self.started_s: float | None = None  # when what it is at began, a run or a probe
        self.busy_until_s = 0.0
        self.expected_s = 0.0
        self.drained_s: float | None = None  # when its last run ended, if more waited then
        self.well = True
        self.ended = False


class Slots:
    """The slots of a pool, of which `concurrent` execute at once."""

    def __init__(self, count: int, concurrent: int) -> None:
        self.concurrent = concurrent
        self.all = [Slot(f"worker-{number}") for number in range(count)]
        self.pace = 1.0  # seconds that a second of predicted work takes while texts wait

    @property
    def well(self) -> bool:
        """True while every worker lives."""
        return all(slot.well for slot in self.all)

    @property
    def busy(self) -> int:
        """How many workers are at a run."""
        return sum(bool(slot.run) for slot in self.all)

    @property
    def running(self) -> list[Waiting]:
        """The texts of all runs under way."""
        return [text for slot in self.all for text in slot.run]

    def begin(self, slot: Slot, run: list[Waiting], now_s: float, expected_s: float) -> None:
        """Note that a run begins."""
        slot.started_s, slot.busy_until_s, slot.expected_s = now_s, now_s + expected_s, expected_s
        slot.run = run

    def end(self, slot: Slot, *, more_waits: bool) -> None:
        """Note that a run is over, and how long it took next to what was expected."""
        now_s = time.perf_counter()
        if slot.drained_s is not None:
            ratio = (now_s - slot.drained_s) / max(1e-6, slot.expected_s)
            self.pace += PACE_WEIGHT * (min(ratio, SLOWEST_PACE) - self.pace)
        slot.drained_s = now_s if more_waits else None
        slot.run, slot.started_s = [], None

    def left_s(self, now_s: float) -> float:
        """Return the predicted seconds that all runs under way still take, added up."""
        return sum(max(0.0, slot.busy_until_s - now_s) for slot in self.all if slot.run)

    def others_busy_s(self, slot: Slot, now_s: float) -> Sequence[float]:
        """Return for how long each other living worker is busy, 0 where it is idle."""
        others = [one for one in self.all if one is not slot and one.well]
        return [max(0.0, one.busy_until_s - now_s) if one.run else 0.0 for one in others]

    def longest_s(self) -> float:
        """Return how long the longest of the runs and probes under way has lasted; 0 if there is none."""
        now_s = time.perf_counter()
        starts = [slot.started_s for slot in self.all]
        return max((now_s - start for start in starts if start is not None), default=0.0)
