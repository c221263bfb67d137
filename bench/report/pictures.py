"""Pictures of the raw results as SVG, for light and dark pages: no background, grey text, colours of middle tone.

The same figures give the same bytes: the ids in the file come from a fixed salt, and no date is written.
"""

import io
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.figures.files import Results
from bench.figures.index import IndexFigures
from bench.figures.kernels import KernelFigures
from bench.figures.peer_rows import OURS, RowFigures
from bench.figures.peers import PeersFigures
from bench.figures.retrieval import RetrievalFigures
from bench.figures.spread import Spread, spread

GREY = "#808080"  # 3.9 to 1 on white, 4.7 on GitHub's dark page
OUR_COLOUR, OTHER_COLOUR = "#2f81f7", "#b08d57"
SHAPE_COLOURS = ("#2f81f7", "#d9822b", "#3fa05a", "#b565c9")
LINE_COLOURS = (*SHAPE_COLOURS, "#c94f4f", "#b0a000", GREY)
# The row and the field of each panel of servers.
PANELS = (("1 text, 16 connections", "requests_per_s"), ("32 texts, 16 connections", "texts_per_s"))
PANELS_A_LINE = 5  # of test collections
OUR_STYLE: dict[str, Any] = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that every machine lays out text alike
    "font.size": 9,
    "svg.fonttype": "path",
    "svg.hashsalt": "vecd",
    "text.color": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
}
STYLES: list[str | dict[str, Any]] = ["default", OUR_STYLE]  # and nothing from a matplotlibrc


def draw_pictures(results: Results) -> dict[str, bytes]:
    """Return the SVGs by the raw file's name without its suffix."""
    pictures = {f"peers-{label}": draw_peers(result) for label, result in results.peers.items()}
    pictures |= {f"kernels-{label}": draw_kernels(result) for label, result in results.kernels.items()}
    pictures |= {f"retrieval-{label}": draw_retrieval(result) for label, result in results.retrieval.items()}
    return pictures | {f"index-{label}": draw_index(result) for label, result in _by_size(results).items()}


def draw_peers(result: PeersFigures) -> bytes:
    """Draw every server's speed in two rows, vecd's in a colour of its own."""
    with style.context(STYLES):
        figure = Figure(figsize=(8, 2.8), layout="constrained")
        axes = figure.subplots(1, len(PANELS))
        for axis, (row, field) in zip(axes, PANELS, strict=True):
            _draw_speeds(axis, result.rows.get(row, {}), field)
            axis.set_title(f"{field.replace('_per_', '/')}\n{row}")
        return _encode(figure)


def draw_kernels(result: KernelFigures) -> bytes:
    """Draw how fast each of vecd's graphs is against those of others, a panel each, and a bar for each shape."""
    pairs = [pair.split("/") for pair in result.ratios]
    others = list(dict.fromkeys(second for _, second in pairs if not second.startswith(OURS)))
    ours = list(dict.fromkeys(first for first, second in pairs if second in others))
    with style.context(STYLES):
        figure = Figure(figsize=(8, 1.2 + 0.6 * len(others)), layout="constrained")
        panels = figure.subplots(1, max(1, len(ours)), sharex=True, sharey=True, squeeze=False)[0]
        for axis, first in zip(panels, ours, strict=False):
            _draw_ratios(axis, result, first, others)
            axis.set_title(first)
        panels[0].set_yticks(range(len(others)), [f"against {second}" for second in others])
        panels[0].invert_yaxis()
        figure.suptitle("times as fast on one core, by texts x tokens", fontsize=10)
        figure.legend(*panels[0].get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=4)
        return _encode(figure)


def draw_retrieval(result: RetrievalFigures) -> bytes:
    """Draw nDCG@10 of every row, the means first and then a panel for each collection."""
    panels = {"mean": result.mean, **{name: one.quality for name, one in result.collections.items()}}
    lines = math.ceil(len(panels) / PANELS_A_LINE)
    with style.context(STYLES):
        figure = Figure(figsize=(8, 0.5 + (0.5 + 0.18 * len(result.mean)) * lines), layout="constrained")
        axes = figure.subplots(lines, min(PANELS_A_LINE, len(panels)), sharex=True, sharey=True, squeeze=False).flat
        for axis, (name, quality) in zip(axes, panels.items(), strict=False):
            values = [one.ndcg_at_10 for one in quality.values()]
            colours = [OUR_COLOUR if row.startswith(OURS) else OTHER_COLOUR for row in quality]
            axis.barh(list(range(len(values))), values, color=colours)
            axis.set_title(name)
        for axis in axes[len(panels) :]:
            axis.set_axis_off()
        axes[0].set_yticks(range(len(result.mean)), list(result.mean))
        axes[0].invert_yaxis()
        figure.suptitle("nDCG@10", fontsize=10)
        return _encode(figure)


def draw_index(result: IndexFigures) -> bytes:
    """Draw what a collection of each size finds, how long that takes, and how fast it is built."""
    sizes = {int(count): one for count, one in result.sizes.items()}
    p50s: dict[str, dict[int, float]] = {
        "by vector": {count: one.search_ms.p50 for count, one in sizes.items()},
        "by words": {count: one.text_ms.p50 for count, one in sizes.items() if one.text_ms},
        "by both": {count: one.hybrid_ms.p50 for count, one in sizes.items() if one.hybrid_ms},
    }
    recalls = {"no filter": {count: one.recall_at_10 for count, one in sizes.items()}}
    for share in dict.fromkeys(share for one in sizes.values() for share in one.filtered):
        left = {count: one.filtered[share] for count, one in sizes.items() if share in one.filtered}
        p50s[f"{share} left"] = {count: one.p50_ms for count, one in left.items()}
        recalls[f"{share} left"] = {count: one.recall_at_10 for count, one in left.items()}
    rates = {
        "written": {count: one.written_per_s for count, one in sizes.items()},
        "in the graph": {count: one.viewed_per_s for count, one in sizes.items()},
    }
    with style.context(STYLES):
        figure = Figure(figsize=(8, 3), layout="constrained")
        panels = {"p50 ms": p50s, "recall@10": recalls, "documents/s": rates}
        for axis, (title, lines) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
            drawn = {name: points for name, points in lines.items() if points}
            for (name, points), colour in zip(drawn.items(), itertools.cycle(LINE_COLOURS), strict=False):
                axis.plot(list(points), list(points.values()), marker="o", markersize=3, color=colour, label=name)
            axis.set_title(title)
            axis.set_xscale("log")
            axis.legend(frameon=False, fontsize=7)
        figure.axes[0].set_yscale("log")
        figure.supxlabel("documents", fontsize=9)
        return _encode(figure)


def _by_size(results: Results) -> dict[str, IndexFigures]:
    """Return the results of `bench index` that have figures of several sizes."""
    return {
        label: msgspec.convert(msgspec.to_builtins(one) | one.figures, IndexFigures)
        for label, one in results.nested["index"].items()
        if "sizes" in one.figures
    }


def _draw_ratios(axis: Axes, result: KernelFigures, first: str, others: Sequence[str]) -> None:
    shapes = list(next(iter(result.ratios.values()), {}))
    height = 0.8 / max(1, len(shapes))
    found = {i: f"{first}/{second}" for i, second in enumerate(others) if f"{first}/{second}" in result.ratios}
    for i, shape in enumerate(shapes):
        axis.barh(
            [place + (i - (len(shapes) - 1) / 2) * height for place in found],
            [result.ratios[pair][shape] for pair in found.values()],
            height,
            xerr=[result.noise[pair][shape] / 2 for pair in found.values()],
            color=SHAPE_COLOURS[i % len(SHAPE_COLOURS)],
            ecolor=GREY,
            label=shape,
        )
    axis.axvline(1, color=GREY, linewidth=1)


def _draw_speeds(axis: Axes, loads: Mapping[str, RowFigures], field: str) -> None:
    measured = {name: spread(getattr(load, field)) for name, load in loads.items()}
    speeds: dict[str, Spread] = {name: speed for name, speed in measured.items() if speed is not None}
    colours = [OUR_COLOUR if name == OURS else OTHER_COLOUR for name in speeds]
    axis.barh(
        list(range(len(speeds))),
        [speed.median for speed in speeds.values()],
        xerr=[speed.noise for speed in speeds.values()],
        color=colours,
        ecolor=GREY,
    )
    axis.set_yticks(range(len(speeds)), list(speeds))
    axis.invert_yaxis()


def _encode(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Creator": None, "Date": None})
    return b"\n".join(line.rstrip() for line in file.getvalue().splitlines()) + b"\n"
