import os

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.graphs.single_texts import REPEATS, all_cores_shares, median_ms, time_single_texts


class RememberingSession:
    """Remembers each run: its tokens, whether on all cores, and how many the calling thread may use."""

    def __init__(self) -> None:
        self.runs: list[tuple[int, bool, int]] = []

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
        (ids,) = encodings
        self.runs.append((len(ids), all_cores, len(os.sched_getaffinity(0))))
        return np.zeros((1, 2), np.float32)


def test_each_text_runs_alone_both_ways_in_every_round_and_on_one_core_only_where_it_is_said() -> None:
    granted = len(os.sched_getaffinity(0))
    session = RememberingSession()
    times = time_single_texts(session, [[1] * 16, [1] * 64], 3, np.random.default_rng(0))
    kinds = [(tokens, *place) for tokens in (16, 64) for place in ((False, 1), (True, granted))]
    assert sorted(set(session.runs)) == kinds
    assert all(session.runs.count(kind) == 3 * (1 + REPEATS) for kind in kinds)
    assert {cores: {tokens: len(rounds) for tokens, rounds in found.items()} for cores, found in times.items()} == {
        "one": {16: 3, 64: 3},
        "all": {16: 3, 64: 3},
    }
    assert len(os.sched_getaffinity(0)) == granted


def test_a_share_below_one_means_that_all_cores_are_quicker() -> None:
    times = {"one": {256: [2.0, 4.0, 2.0]}, "all": {256: [1.0, 3.0, 1.0]}}
    share = all_cores_shares(times)["256"]
    assert share.median == 0.5
    assert share.interquartile_range == pytest.approx(0.125)
    assert median_ms(times) == {"one": {"256": 2000.0}, "all": {"256": 1000.0}}
