import threading
import time

import numpy as np
from numpy.typing import NDArray

from bench.artifacts import Encodings
from bench.figures.load import ONE_TEXT
from bench.graphs.direct import cut_runs, drive_session, plan_sizes, time_single_text

TEXTS = [[1] * length for length in (3, 9, 3, 5, 3)]


class SlowSession:
    """Takes a hundredth of a second a run, and remembers what it ran and where."""

    def __init__(self) -> None:
        self.runs: list[Encodings] = []
        self.threads: set[int] = set()

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
        assert not all_cores
        self.runs.append(encodings)
        self.threads.add(threading.get_ident())
        time.sleep(0.01)
        return np.zeros((len(encodings), 2), np.float32)


def lengths(runs: list[Encodings]) -> list[list[int]]:
    return [[len(text) for text in run] for run in runs]


def test_a_run_holds_texts_up_to_its_tokens_but_at_least_one() -> None:
    assert lengths(cut_runs(TEXTS, 12, mixed_lengths=True)) == [[3, 9], [3, 5, 3]]
    assert lengths(cut_runs(TEXTS, 4, mixed_lengths=True)) == [[3], [9], [3], [5], [3]]


def test_a_graph_that_takes_one_length_gets_texts_grouped_by_length() -> None:
    sizes = plan_sizes(TEXTS, (6, 100), mixed_lengths=False)
    assert lengths(sizes["6 tokens"]) == [[3, 3], [3], [5], [9]]
    assert lengths(sizes["100 tokens"]) == [[3, 3, 3], [5], [9]]
    assert lengths(sizes[ONE_TEXT]) == [[3], [9], [3], [5], [3]]


def test_threads_run_side_by_side_and_their_tokens_are_added_up() -> None:
    session = SlowSession()
    speed = drive_session(session, [[[1] * 10]] * 4, threads=2, seconds=0.3)
    assert len(session.threads) == 2
    # Two threads of ten tokens a hundredth of a second; wide, for a test's machine may be busy.
    assert 500 < speed <= 2000


def test_more_threads_than_runs_all_have_something_to_run() -> None:
    assert drive_session(SlowSession(), [[[1] * 10]], threads=3, seconds=0.05) > 0


def test_the_rest_before_a_single_run_is_not_timed() -> None:
    session = SlowSession()
    start = time.perf_counter()
    seconds = time_single_text(session, TEXTS, 0.1, lambda: time.sleep(0.02))
    assert 0.01 <= seconds < 0.03
    assert len(session.runs) >= 5
    assert time.perf_counter() - start >= 5 * 0.03
    assert all(len(run) == 1 for run in session.runs)
