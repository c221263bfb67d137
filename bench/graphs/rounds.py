"""Times graphs against each other round by round, at every shape, each round in an order of its own."""

from collections.abc import Mapping

import numpy as np

from bench.figures.kernels import Shape, Times
from bench.graphs.timing import Graph, Ids
from bench.progress import open_bar


def draw_ids(shape: Shape, vocabulary: int, rng: np.random.Generator) -> Ids:
    """Return random token ids (batch, tokens)."""
    return rng.integers(0, vocabulary, (shape.batch, shape.tokens), np.int64)


def time_rounds(
    graphs: Mapping[str, Graph], ids: Mapping[Shape, Ids], rounds: int, rng: np.random.Generator, title: str
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
