import numpy as np

from bench.figures.kernels import Shape
from bench.graphs.rounds import draw_ids, time_rounds
from bench.graphs.timing import Graph, Ids, Timer

SMALL, LARGE = Shape(1, 16, 15), Shape(8, 128, 3)
IDS = {shape: np.zeros((shape.batch, shape.tokens), np.int64) for shape in (SMALL, LARGE)}


class FakeGraph:
    """Takes its own seconds, and remembers every turn: its name, the shape of the ids, the repeats."""

    def __init__(self, name: str, seconds: float, turns: list[tuple[str, int, int]]) -> None:
        self.name, self.seconds, self.turns = name, seconds, turns

    def __call__(self, ids: Ids) -> Timer:
        def timer(repeats: int) -> float:
            self.turns.append((self.name, ids.size, repeats))
            return self.seconds

        return timer


def run(graphs: dict[str, Graph], rounds: int) -> dict[str, dict[Shape, list[float]]]:
    return time_rounds(graphs, IDS, rounds, np.random.default_rng(3), "test")


def test_every_round_times_every_graph_once_at_every_shape() -> None:
    turns: list[tuple[str, int, int]] = []
    times = run({"a": FakeGraph("a", 1.0, turns), "b": FakeGraph("b", 2.0, turns)}, 2)
    assert times == {"a": {SMALL: [1.0] * 2, LARGE: [1.0] * 2}, "b": {SMALL: [2.0] * 2, LARGE: [2.0] * 2}}
    for start in range(0, len(turns), 2):
        assert {name for name, _, _ in turns[start : start + 2]} == {"a", "b"}
    assert set(turns) == {(name, size, repeats) for name in "ab" for size, repeats in ((16, 15), (1024, 3))}


def test_the_order_changes_from_round_to_round() -> None:
    turns: list[tuple[str, int, int]] = []
    run({name: FakeGraph(name, 1.0, turns) for name in "abc"}, 10)
    assert len({tuple(name for name, _, _ in turns[i : i + 3]) for i in range(0, len(turns), 3)}) > 1


def test_a_graph_of_two_names_is_timed_once_and_stands_under_both() -> None:
    turns: list[tuple[str, int, int]] = []
    graph = FakeGraph("a", 1.0, turns)
    times = run({"chosen": graph, "portable": graph}, 1)
    assert times["chosen"] == times["portable"] == {SMALL: [1.0], LARGE: [1.0]}
    assert len(turns) == 2


def test_token_ids_are_of_the_shape_and_the_vocabulary() -> None:
    ids = draw_ids(LARGE, 100, np.random.default_rng(0))
    assert ids.shape == (8, 128)
    assert ids.dtype == np.int64
    assert 0 <= ids.min() < ids.max() < 100
