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
# How many runs are remembered, and how many lie between two fits.
RECENT_RUNS = 512
RUNS_A_FIT = 128


class CostModel:
    """The current cost. `observe` may be called from any worker."""

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


def calibrate(session: Session, encodings: Sequence[list[int]], max_tokens: int) -> list[Observation]:
    """Time runs of SHAPES, at most of the model's length, on the token ids of some texts.

    Raises:
        InferenceError: a run failed.
    """
    ids = list(chain.from_iterable(encodings))
    shapes = sorted({(texts, min(length, max_tokens)) for texts, length in SHAPES})
    runs = {shape: [list(islice(cycle(ids), shape[1]))] * shape[0] for shape in shapes}
    least = dict.fromkeys(shapes, float("inf"))
    end = time.perf_counter() + TIMED_S
    for _ in range(MAX_ROUNDS):
        for shape, run in runs.items():
            start = time.perf_counter()
            session.run(run, "sentence_embedding")
            least[shape] = min(least[shape], time.perf_counter() - start)
        if time.perf_counter() > end:
            break
    return [Observation(texts * length, texts * length * length, seconds) for (texts, length), seconds in least.items()]
