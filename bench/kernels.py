"""`bench kernels`: how long vecd's graphs and the stock ones take on one core, at four shapes.

All graphs in one process, on one core, with one thread, on the same random token ids. The stock graphs end at the
token embeddings: their users' pooling and normalization, which vecd's graphs include, are not counted against them.
"""

import argparse
import statistics
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
import numpy as np

from bench.artifacts import open_artifact
from bench.graphs import Graph, open_graphs
from bench.machine import one_core
from bench.options import positive
from bench.origin import Origin, origin_fields
from bench.progress import open_bar
from bench.results import Outcome, align
from bench.stock import prepare_stock
from bench.timing import speed_ratio, time_round

ROUNDS = 15


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

# Which is compared with which: the promise, what a user of either stock graph gains, and each precision by itself.
PAIRS = (
    ("vecd-int8", "stock-int8"),
    ("vecd-int8", "stock-fp32"),
    ("vecd-int8", "vecd-fp32"),
    ("vecd-fp32", "stock-fp32"),
)

Figure = TypeVar("Figure")
Figures = dict[str, dict[str, float]]  # by graph, or pair of graphs, then by shape
Times = dict[str, dict[Shape, list[float]]]  # seconds of every round, by graph and shape


class KernelFigures(Origin, frozen=True, kw_only=True):
    """Milliseconds of one run: the median over the rounds, the best, and each round's.

    `ratios` are speeds: above 1, the first of the pair is faster. `noise` is each ratio's interquartile range.
    """

    ratios: Figures
    noise: Figures
    ms: Figures
    best_ms: Figures
    tokens_per_s: Figures
    rounds_ms: dict[str, dict[str, list[float]]]
    rounds: int
    stock_versions: dict[str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --rounds."""
    parser.add_argument(
        "--rounds", type=positive, default=ROUNDS, metavar="N", help="times that all is timed (default: %(default)s)"
    )


def measure(options: argparse.Namespace) -> Outcome:
    """Time every graph at every shape, round by round."""
    artifact = open_artifact(options.models, options.model)
    stock = prepare_stock(artifact.manifest)
    vocabulary = artifact.tokenizer().get_vocab_size()
    with one_core():
        times = _time_graphs(open_graphs(artifact, stock, options.provider), vocabulary, options.rounds, options.seed)
    ratios, noise = compare(times)
    figures = KernelFigures(
        **origin_fields(options),
        ratios=ratios,
        noise=noise,
        ms=_by_graph(times, lambda _, seconds: 1e3 * statistics.median(seconds)),
        best_ms=_by_graph(times, lambda _, seconds: 1e3 * min(seconds)),
        tokens_per_s=_by_graph(times, lambda shape, seconds: shape.batch * shape.tokens / statistics.median(seconds)),
        rounds_ms=_by_graph(times, lambda _, seconds: [1e3 * value for value in seconds]),
        rounds=options.rounds,
        stock_versions=stock.versions,
    )
    return Outcome(figures, _table(figures))


def _time_graphs(graphs: Mapping[str, Graph], vocabulary: int, rounds: int, seed: int) -> Times:
    rng = np.random.default_rng(seed)
    calls = {}
    for shape in SHAPES:
        ids = rng.integers(0, vocabulary, (shape.batch, shape.tokens), np.int64)
        calls[shape] = {name: graph(ids) for name, graph in graphs.items()}
    times: Times = {name: {shape: [] for shape in SHAPES} for name in graphs}
    with open_bar("one core", rounds * len(SHAPES), "shapes") as bar:
        for _ in range(rounds):
            for shape in SHAPES:
                order = rng.permutation(list(graphs)).tolist()
                for name, seconds in time_round(calls[shape], order, shape.repeats).items():
                    times[name][shape].append(seconds)
                bar.update()
    return times


def compare(times: Times) -> tuple[Figures, Figures]:
    """Return the speed ratio of each pair at each shape, and the ratio's interquartile range."""
    ratios: Figures = {}
    noise: Figures = {}
    for first, second in PAIRS:
        if first not in times or second not in times:
            continue
        pair = f"{first}/{second}"
        found = {shape.name: speed_ratio(times[first][shape], times[second][shape]) for shape in times[first]}
        ratios[pair] = {shape: ratio.median for shape, ratio in found.items()}
        noise[pair] = {shape: ratio.interquartile_range for shape, ratio in found.items()}
    return ratios, noise


def _by_graph(times: Times, figure: Callable[[Shape, list[float]], Figure]) -> dict[str, dict[str, Figure]]:
    return {
        name: {shape.name: figure(shape, seconds) for shape, seconds in shapes.items()}
        for name, shapes in times.items()
    }


def _table(figures: KernelFigures) -> list[str]:
    shapes = [shape.name for shape in SHAPES]
    rows = [(f"ms on one core, median of {figures.rounds}", *shapes)]
    rows += [(name, *(f"{ms[shape]:.2f}" for shape in shapes)) for name, ms in figures.ms.items()]
    rows.append(("speed ratio ± half its middle spread", *("" for _ in shapes)))
    for pair, ratios in figures.ratios.items():
        noise = figures.noise[pair]
        rows.append((pair, *(f"{ratios[shape]:.2f} ± {noise[shape] / 2:.2f}" for shape in shapes)))
    return align(rows)
