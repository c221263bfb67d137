"""Times graphs against each other round by round, at every shape, each round in an order of its own."""

from collections.abc import Mapping

import msgspec
import numpy as np

from bench.graphs.in_process import Graph
from bench.progress import open_bar


class Shape(msgspec.Struct, frozen=True):
    """Texts in a run, tokens in each, and how often a round runs it: a short run is timed more often."""

    batch: int
    tokens: int
    repeats: int

    @property
    def name(self) -> str:
        """Return the shape as the figures name it."""
        return f"{self.batch}x{self.tokens}"


SHAPES = (Shape(1, 16, 15), Shape(32, 16, 3), Shape(8, 128, 3), Shape(2, 256, 3))

Times = dict[str, dict[Shape, list[float]]]  # seconds of every round, by graph and shape


def draw_ids(shape: Shape, vocabulary: int, rng: np.random.Generator) -> np.ndarray:
    """Return random token ids (batch, tokens)."""
    return rng.integers(0, vocabulary, (shape.batch, shape.tokens), np.int64)


def time_rounds(
    graphs: Mapping[str, Graph], ids: Mapping[Shape, np.ndarray], rounds: int, rng: np.random.Generator, title: str
) -> Times:
    """Time every graph on the ids of every shape; a graph of two names is timed once and stands under both."""
    first: dict[int, str] = {}
    for name, graph in graphs.items():
        first.setdefault(id(graph), name)
    names = list(first.values())
    timers = {shape: {name: graphs[name](ids[shape]) for name in names} for shape in ids}
    times: Times = {name: {shape: [] for shape in ids} for name in names}
    with open_bar(title, rounds * len(ids), "shapes") as bar:
        for _ in range(rounds):
            for shape in ids:
                for name in rng.permutation(names).tolist():
                    times[name][shape].append(timers[shape][name](shape.repeats))
                bar.update()
    return {name: times[first[id(graph)]] for name, graph in graphs.items()}
