"""Runs of the session: timed, and then counted, so that the costs follow them."""

import time
from collections.abc import Callable

from server.engine.scheduling.calibration import CostModel
from server.engine.scheduling.cost import Observation
from server.engine.scheduling.job import QueuedText
from server.engine.scheduling.scheduler import count_computed
from server.engine.scheduling.slots import RunFigures
from server.engine.sessions.session import Rows, Session


class Execution:
    """May be used from several threads at once. `layout` is the variant's."""

    def __init__(self, session: Session, costs: CostModel, layout: str, on_run: Callable[[RunFigures], None]) -> None:
        self.costs = costs
        self._session = session
        self._layout = layout
        self._on_run = on_run

    def run(self, run: list[QueuedText], *, all_cores: bool = False) -> tuple[Rows, float]:
        """Return a row for each text of a run, and its seconds.

        Raises:
            InferenceError: the run failed.
        """
        start_s = time.perf_counter()
        rows = self._session.run([text.ids for text in run], run[0].job.output, all_cores=all_cores)
        return rows, time.perf_counter() - start_s

    def count(self, run: list[QueuedText], seconds: float, *, all_cores: bool = False) -> None:
        """Count a run; once those who wait for it are told."""
        with_padding, squares = count_computed(run, self._layout)
        self.costs.observe(Observation(with_padding, squares, seconds), all_cores=all_cores)
        self._on_run(RunFigures(len(run), sum(len(text.ids) for text in run), with_padding, seconds))

    def expected_s(self, run: list[QueuedText]) -> float:
        """Return the predicted seconds of a run on one core."""
        cost = self.costs.cost
        return cost.run_s + cost.of_texts(*count_computed(run, self._layout))

    def probe(self, ids: list[int]) -> None:
        """Run a text of which nobody wants the row; raises as the session does."""
        self._session.run([ids], "sentence_embedding")
