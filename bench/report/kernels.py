"""The page's part on graphs by themselves: times and ratios on one core and on all, the peak, and the operators."""

from collections.abc import Mapping, Sequence

from bench.figures.kernels import KernelFigures, OperatorTime
from bench.figures.spread import Spread
from bench.report.markdown import noisy, number, table

LEAST_SHARE = 0.01  # operators that are below it at every shape share one row
NO_TIME = OperatorTime(0.0, 0.0, 0)

Figures = Mapping[str, Mapping[str, float]]


def render_kernels(result: KernelFigures) -> list[str]:
    """Return one file's tables, without the picture."""
    return [
        *_made(result),
        *["Milliseconds of a run on one core, by its texts x tokens:", "", *_times(result.ms)],
        *["Speed of the first against the second on one core:", "", *_ratios(result.ratios, result.noise)],
        *_peak(result),
        *_operators(result),
        *_all_cores(result),
    ]


def _made(result: KernelFigures) -> list[str]:
    lines = []
    versions = {
        "stock graphs were made": result.stock_versions,
        "OpenVINO graphs were made and run": result.openvino_versions,
    }
    for what, found in versions.items():
        if found:
            lines += [f"The {what} with {', '.join(f'{name} {version}' for name, version in found.items())}.", ""]
    if result.variants:
        named = ", ".join(f"{name} is the variant {variant}" for name, variant in result.variants.items())
        lines += [f"Of the artifact, {named}; vecd-int8 is what the server chose.", ""]
    if result.openvino_precision:
        used = ", ".join(f"{name} in {precision}" for name, precision in result.openvino_precision.items())
        lines += [f"OpenVINO computes what is not int8 as it was told or as it chooses: {used}.", ""]
    for name, why in result.skipped.items():
        lines += [f"{name} was not timed: {why}.", ""]
    return lines


def _times(ms: Figures) -> list[str]:
    shapes = _columns(ms)
    return table(
        ["graph", *shapes], [[graph, *(number(found.get(shape)) for shape in shapes)] for graph, found in ms.items()]
    )


def _ratios(ratios: Figures, noise: Figures) -> list[str]:
    rows = [
        [pair, *(noisy(Spread(found[shape], noise[pair][shape] / 2)) for shape in found)]
        for pair, found in ratios.items()
    ]
    return table(["pair", *_columns(ratios)], rows)


def _peak(result: KernelFigures) -> list[str]:
    if result.peak is None or not result.peak_fraction:
        return []
    matmuls = ", ".join(f"{name.partition('-')[2]} {number(tops)}" for name, tops in result.peak.tops_by_matmul.items())
    row = ["vecd-int8", *(f"{share:.0%}" for share in result.peak_fraction.values())]
    return [
        f"The core's int8 peak is {number(result.peak.tops)} x 10^12 operations/s, the best of ONNX Runtime's u8 x s8",
        f"MatMulInteger over the rounds ({matmuls}).",
        "What the linear layers of a whole run amount to, as a share of it, by the best round:",
        "",
        *table(["graph", *result.peak_fraction], [row]),
    ]


def _operators(result: KernelFigures) -> list[str]:
    shapes = list(result.operators)
    names = dict.fromkeys(name for found in result.operators.values() for name in found)
    by_name = {name: [result.operators[shape].get(name, NO_TIME) for shape in shapes] for name in names}
    shown = {name: times for name, times in by_name.items() if max(time.share for time in times) >= LEAST_SHARE}
    small = [times for name, times in by_name.items() if name not in shown]
    rows = [_operator_cells(name, times) for name, times in shown.items()]
    if small:
        rows.append(_operator_cells(f"{len(small)} others", [_sum(times) for times in zip(*small, strict=True)]))
    if not rows:
        return []
    title = [
        "Milliseconds in a run on one core of the operators of the graph that the server chose, and their share, by",
        "ONNX Runtime's profiler:",
    ]
    return [*title, "", *table(["operator", "nodes", *shapes], rows)]


def _operator_cells(name: str, times: Sequence[OperatorTime]) -> list[str]:
    nodes = max(time.nodes for time in times)
    return [name, str(nodes), *(f"{time.ms:.2f} ({time.share:.0%})" for time in times)]


def _sum(times: Sequence[OperatorTime]) -> OperatorTime:
    return OperatorTime(sum(t.ms for t in times), sum(t.share for t in times), sum(t.nodes for t in times))


def _all_cores(result: KernelFigures) -> list[str]:
    if not result.ratios_all_cores:
        return []
    return [
        "Milliseconds of a run on all cores. The server spreads a lone long text over them; else it makes runs of one",
        "core side by side:",
        "",
        *_times(result.ms_all_cores),
        *["Speed of the first against the second on all cores:", ""],
        *_ratios(result.ratios_all_cores, result.noise_all_cores),
    ]


def _columns(figures: Figures) -> list[str]:
    return list(next(iter(figures.values()), {}))
