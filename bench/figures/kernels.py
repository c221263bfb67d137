"""The figures of `bench kernels` and their table: times, speed ratios of pairs, nearness to the peak, operators."""

import statistics
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec import field

from bench.figures.origin import Origin
from bench.figures.outcomes import align
from bench.figures.spread import speed_ratio


class Shape(msgspec.Struct, frozen=True):
    """Texts in a run, tokens in each, and how often a round runs it: a short run is timed more often."""

    batch: int
    tokens: int
    repeats: int

    @property
    def name(self) -> str:
        return f"{self.batch}x{self.tokens}"


SHAPES = (Shape(1, 16, 15), Shape(32, 16, 3), Shape(8, 128, 3), Shape(2, 256, 3))
# The pairs that are compared: the promise, what a user of another graph gains, and each precision by itself.
PAIRS = (
    ("vecd-int8", "stock-int8"),
    ("vecd-int8", "openvino-int8"),
    ("vecd-int8", "stock-fp32"),
    ("vecd-int8", "openvino-bf16"),
    ("vecd-int8", "openvino-fp32"),
    ("vecd-int8", "vecd-int8-portable"),
    ("vecd-int8", "vecd-int8-f32"),
    ("vecd-int8", "vecd-int8-bf16"),
    ("vecd-int8", "vecd-int8-tiles"),
    ("vecd-int8", "vecd-int8-vnni"),
    ("vecd-int8", "vecd-fp32"),
    ("vecd-int8-portable", "stock-int8"),
    ("vecd-int8-portable", "openvino-int8"),
    ("vecd-int8-portable", "stock-fp32"),
    ("vecd-int8-portable", "openvino-bf16"),
    ("vecd-int8-portable", "openvino-fp32"),
    ("vecd-int8-portable", "vecd-fp32"),
    ("vecd-fp16", "stock-fp32"),
    ("vecd-fp16", "vecd-fp32"),
    ("vecd-fp32", "stock-fp32"),
    ("vecd-fp32", "openvino-fp32"),
)

Times = dict[str, dict[Shape, list[float]]]  # seconds of every round, by graph and shape
Figure = TypeVar("Figure")
Figures = dict[str, dict[str, float]]  # by graph, or pair of graphs, then by shape


class Peak(msgspec.Struct, frozen=True, kw_only=True):
    """Int8 operations per second in units of 10^12, a multiplication and an addition being two; by matmul, and best."""

    tops: float
    tops_by_matmul: dict[str, float] = {}


class OperatorTime(msgspec.Struct, frozen=True):
    """An operator type's milliseconds in a run, its share of all operators', and how many nodes it has."""

    ms: float
    share: float
    nodes: int


class KernelFigures(Origin, frozen=True, kw_only=True):
    """Milliseconds of one run on one core: the median over the rounds, the best, and each round's; and on all cores.

    `ratios` are speeds: above 1, the first of the pair is faster. `noise` is each ratio's interquartile range.
    `peak_fraction` compares vecd-int8's best round with the core's best. `variants` says which of the artifact's
    variants a name stands for, `skipped` why something was not timed. Early files have ratios and noise alone.
    """

    variants: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    ratios: Figures
    noise: Figures
    ratios_all_cores: Figures = field(default_factory=dict)
    noise_all_cores: Figures = field(default_factory=dict)
    peak: Peak | None = None
    peak_fraction: dict[str, float] = field(default_factory=dict)
    ms: Figures = field(default_factory=dict)
    ms_all_cores: Figures = field(default_factory=dict)
    best_ms: Figures = field(default_factory=dict)
    tokens_per_s: Figures = field(default_factory=dict)
    operators: dict[str, dict[str, OperatorTime]] = field(default_factory=dict)
    rounds_ms: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    rounds_ms_all_cores: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    stock_versions: dict[str, str] = field(default_factory=dict)
    openvino_versions: dict[str, str] = field(default_factory=dict)
    openvino_precision: dict[str, str] = field(default_factory=dict)


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


def fractions(times: Mapping[Shape, list[float]], operations_per_token: int, peak_tops: float) -> dict[str, float]:
    """Return the share of the peak that a graph's best round reaches at each shape."""
    return {
        shape.name: 1e-12 * operations_per_token * shape.batch * shape.tokens / min(seconds) / peak_tops
        for shape, seconds in times.items()
    }


def median_ms(times: Times) -> Figures:
    return _by_graph(times, lambda _, seconds: 1e3 * statistics.median(seconds))


def best_ms(times: Times) -> Figures:
    return _by_graph(times, lambda _, seconds: 1e3 * min(seconds))


def rounds_ms(times: Times) -> dict[str, dict[str, list[float]]]:
    return _by_graph(times, lambda _, seconds: [1e3 * value for value in seconds])


def tokens_per_s(times: Times) -> Figures:
    """Return the tokens of a run divided by its median time."""
    return _by_graph(times, lambda shape, seconds: shape.batch * shape.tokens / statistics.median(seconds))


def _by_graph(times: Times, figure: Callable[[Shape, list[float]], Figure]) -> dict[str, dict[str, Figure]]:
    return {
        name: {shape.name: figure(shape, seconds) for shape, seconds in shapes.items()}
        for name, shapes in times.items()
    }


def render_table(figures: KernelFigures) -> list[str]:
    rows = [*_rows("one core", figures.rounds, figures.ms, figures.ratios, figures.noise)]
    rows += _rows("all cores", figures.rounds, figures.ms_all_cores, figures.ratios_all_cores, figures.noise_all_cores)
    if figures.peak is not None and figures.peak_fraction:
        title = f"vecd-int8, share of the core's {figures.peak.tops:.3f} TOPS"
        rows.append((title, *(f"{share:.0%}" for share in figures.peak_fraction.values())))
    rows.append(("operators of the chosen graph, ms in a run", *("" for _ in SHAPES)))
    for name in dict.fromkeys(name for found in figures.operators.values() for name in found):
        found = [by_name.get(name) for by_name in figures.operators.values()]
        rows.append((name, *("" if one is None else f"{one.ms:.2f} ({one.share:.0%})" for one in found)))
    return [*align(rows), *(f"{name} was not timed: {why}" for name, why in figures.skipped.items())]


def _rows(title: str, rounds: object, ms: Figures, ratios: Figures, noise: Figures) -> list[tuple[str, ...]]:
    shapes = [shape.name for shape in SHAPES]
    rows = [(f"ms on {title}, median of {rounds}", *shapes)]
    rows += [(name, *(f"{found[shape]:.2f}" for shape in shapes)) for name, found in ms.items()]
    rows.append((f"speed ratio on {title} ± half its middle spread", *("" for _ in shapes)))
    for pair, found in ratios.items():
        rows.append((pair, *(f"{found[shape]:.2f} ± {noise[pair][shape] / 2:.2f}" for shape in shapes)))
    return rows
