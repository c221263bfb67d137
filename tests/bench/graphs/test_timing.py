import itertools

from bench.graphs.timing import Call, time_round


class SteppingClock:
    """A clock that each call moves forward by its own cost."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def costing(self, *costs: float) -> Call:
        steps = itertools.cycle(costs)

        def call() -> None:
            self.now += next(steps)

        return call


def test_the_first_run_of_a_call_in_a_round_is_not_timed() -> None:
    clock = SteppingClock()
    call = clock.costing(100.0, 1.0, 1.0, 1.0)
    assert time_round({"a": call}, ["a"], 3, clock) == {"a": 1.0}


def test_a_rounds_time_is_the_median_of_its_repeats() -> None:
    clock = SteppingClock()
    call = clock.costing(0.0, 3.0, 1.0, 50.0)
    assert time_round({"a": call}, ["a"], 3, clock) == {"a": 3.0}


def test_calls_are_timed_in_the_order_that_is_asked_for() -> None:
    seen: list[str] = []
    time_round({"a": lambda: seen.append("a"), "b": lambda: seen.append("b")}, ["b", "a"], 1)
    assert seen == ["b", "b", "a", "a"]
