"""The cost of runs on this machine: timed at the start, and corrected by the runs that follow.

Runs of few and of many tokens are timed through the session, until TIMED_S have passed and each has run at least once;
these observations stay, so that the fit is sound even where all texts of the traffic have one length.
"""

import time
from collections import deque
from collections.abc import Sequence
from itertools import chain, cycle, islice

from server.engine.scheduling.cost import Cost, Observation, fit_cost
from server.engine.sessions.session import Session

# Texts in a run and tokens in each, at most the model's; each is timed until the time is over.
SHAPES = ((1, 8), (1, 32), (1, 128), (1, 256), (4, 16), (4, 64))
TIMED_S = 0.2
MAX_ROUNDS = 5
# A lone text comes after a pause, in which the threads of all cores have gone to sleep.
PAUSE_S = 0.001
# How many runs are remembered, and how many lie between two fits.
RECENT_RUNS = 512
RUNS_A_FIT = 128
# All cores are worth taking from others who may come only where they win clearly.
WINNING_SHARE = 0.9
# To hand a text to a worker and be woken by it takes about so long on two virtual cores (docs/decisions/0023).
HAND_OVER_S = 0.0003


class CostModel:
    """The costs in use: of runs on one core and, for lone texts, of runs on all of them.

    `all_cores` is None where there is no such choice. `observe` may be called from any worker.
    """

    def __init__(self, calibration: Sequence[Observation], all_cores: Sequence[Observation] = ()) -> None:
        self._one_core = _Fit(calibration)
        self._all_cores = _Fit(all_cores) if all_cores else None

    @property
    def cost(self) -> Cost:
        """The cost of a run on one core."""
        return self._one_core.cost

    @property
    def all_cores(self) -> Cost | None:
        """The cost of a run on all cores."""
        return self._all_cores.cost if self._all_cores else None

    def all_cores_win(self, length: int) -> bool:
        """Tell whether a lone text of so many tokens is computed sooner by all cores than by one."""
        if self._all_cores is None:
            return False
        one, all_ = self.cost, self._all_cores.cost
        return all_.run_s + all_.of_text(length) < WINNING_SHARE * (one.run_s + one.of_text(length))

    def here_wins(self, length: int, most_s: float) -> bool:
        """Tell whether a lone text of so many tokens takes one core at most `most_s`, and all cores hardly less."""
        one_s = self.cost.run_s + self.cost.of_text(length)
        all_ = self._all_cores.cost if self._all_cores else None
        return one_s <= most_s and (all_ is None or one_s <= HAND_OVER_S + all_.run_s + all_.of_text(length))

    def observe(self, observation: Observation, *, all_cores: bool = False) -> None:
        """Take a run into account; now and then, fit anew."""
        fit = self._all_cores if all_cores and self._all_cores else self._one_core
        fit.observe(observation)


class _Fit:
    """The cost that fits what was timed at the start and what was seen of late."""

    def __init__(self, calibration: Sequence[Observation]) -> None:
        self._calibration = list(calibration)
        self._recent: deque[Observation] = deque(maxlen=RECENT_RUNS)
        self._since_fit = 0
        self.cost: Cost = fit_cost(self._calibration)

    def observe(self, observation: Observation) -> None:
        """Add a run; after RUNS_A_FIT of them, fit again."""
        self._recent.append(observation)
        self._since_fit += 1
        if self._since_fit >= RUNS_A_FIT:
            self._since_fit = 0
            self.cost = fit_cost([*self._calibration, *self._recent])


def calibrate(
    session: Session, encodings: Sequence[list[int]], max_tokens: int, *, all_cores: bool = False
) -> list[Observation]:
    """Time runs of the shapes that the model takes, on the token ids of some texts; on all cores, of one text each.

    Raises:
        InferenceError: a run failed.
    """
    ids = list(chain.from_iterable(encodings))
    wanted = [shape for shape in SHAPES if not all_cores or shape[0] == 1]
    shapes = sorted({(texts, min(length, max_tokens)) for texts, length in wanted})
    runs = {shape: [list(islice(cycle(ids), shape[1]))] * shape[0] for shape in shapes}
    least = dict.fromkeys(shapes, float("inf"))
    end = time.perf_counter() + TIMED_S
    for _ in range(MAX_ROUNDS):
        for shape, run in runs.items():
            if all_cores:
                time.sleep(PAUSE_S)
            start = time.perf_counter()
            session.run(run, "sentence_embedding", all_cores=all_cores)
            least[shape] = min(least[shape], time.perf_counter() - start)
        if time.perf_counter() > end:
            break
    return [Observation(texts * length, texts * length * length, seconds) for (texts, length), seconds in least.items()]
