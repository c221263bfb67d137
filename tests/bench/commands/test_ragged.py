import numpy as np
from numpy.typing import NDArray

from bench.commands.ragged import time_runs


class TickingSession:
    """Takes a second for each token, on a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
        assert not all_cores
        self.now += sum(map(len, encodings))
        return np.zeros((len(encodings), 2), np.float32)


def test_the_time_of_an_arrangement_is_that_of_all_its_runs() -> None:
    session = TickingSession()
    assert time_runs(session, [[[1, 2], [3]], [[4] * 7]], lambda: session.now) == 10.0
