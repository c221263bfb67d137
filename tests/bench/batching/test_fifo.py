import threading
from collections import deque

import numpy as np
from numpy.typing import NDArray

from bench.batching.fifo import PADDING_ID, drive_fifo, pad, take_batch

WAITING = [[7] * length for length in (10, 100, 10, 30, 100)]


class NotingSession:
    """Notes the shape of every run; two threads must meet before the first is done."""

    def __init__(self, threads: int) -> None:
        self.shapes: list[tuple[int, int]] = []
        self._meeting = threading.Barrier(threads)
        self._met = threading.local()

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
        assert not all_cores
        if not getattr(self._met, "done", False):
            self._met.done = True
            self._meeting.wait(10)
        self.shapes.append((len(encodings), len(encodings[0])))
        assert {len(ids) for ids in encodings} == {len(encodings[0])}
        return np.zeros((len(encodings), 2), np.float32)


def test_a_batch_is_the_head_of_the_queue_for_as_long_as_it_fits_padded() -> None:
    waiting = deque(WAITING)
    assert take_batch(waiting, 200) == [[7] * 10 + [PADDING_ID] * 90, [7] * 100]
    assert take_batch(waiting, 200) == [[7] * 10 + [PADDING_ID] * 20, [7] * 30]
    assert take_batch(waiting, 200) == [[7] * 100]
    assert take_batch(waiting, 200) == []


def test_a_text_above_the_budget_goes_alone() -> None:
    waiting = deque(WAITING[1:3])
    assert [len(batch) for batch in (take_batch(waiting, 50), take_batch(waiting, 50))] == [1, 1]


def test_all_threads_take_from_one_queue_and_padding_is_counted() -> None:
    session = NotingSession(threads=2)
    found = drive_fifo(session, WAITING, threads=2, max_tokens=200)
    assert sorted(session.shapes) == [(1, 100), (2, 30), (2, 100)]
    assert (found.runs, found.computed_tokens) == (3, 360)
    assert found.seconds > 0


def test_a_budget_that_holds_everything_makes_one_run() -> None:
    assert drive_fifo(NotingSession(threads=1), WAITING, threads=1, max_tokens=10_000).computed_tokens == 500


def test_texts_are_padded_behind_their_ids_to_the_longest_of_their_batch() -> None:
    assert pad([[5], [6, 7, 8]]) == [[5, 0, 0], [6, 7, 8]]
