"""The README's part: one picture and one table of at most eight rows, between two markers."""

from bench.errors import BenchError
from bench.figures.fidelity import FidelityFigures
from bench.figures.files import Results
from bench.figures.kernels import KernelFigures
from bench.figures.origin import Origin
from bench.figures.peer_rows import OURS, RowFigures
from bench.figures.peers import PeersFigures
from bench.figures.spread import Spread, relative, spread
from bench.report.markdown import cosine, noisy, table

START, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"
# The pairs of graphs that the README compares at one shape: the first MOST_PAIRS of these that were timed.
PAIRS = {
    "vecd-int8/stock-int8": "optimum's dynamic int8",
    "vecd-int8/openvino-int8": "OpenVINO's int8",
    "vecd-int8/stock-fp32": "optimum's fp32",
}
MOST_PAIRS = 2
SHAPE, SHAPE_TITLE = "32x16", "32 texts of 16 tokens"
ROWS = ("1 text, 1 connection", "1 text, 16 connections", "32 texts, 16 connections")


def rewrite_readme(readme: str, part: str) -> str:
    """Return the README with the part between its markers.

    Raises:
        BenchError: the markers are not there, or not in order.
    """
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        message = f"the README must hold the lines {START} and {END}, in this order; the table goes between them"
        raise BenchError(message)
    return f"{before}{start}\n{part}\n{end}{after}"


def render_part(results: Results, pictures: dict[str, str]) -> str:
    """Return the part, for the machine with the most kinds of result. `pictures` are the links to the raw files'."""
    kinds = (results.peers, results.kernels, results.fidelity)
    labels = sorted({label for kind in kinds for label in kind})
    label = max(labels, key=lambda one: sum(one in kind for kind in kinds), default="")
    peers, kernels, fidelity = results.peers.get(label), results.kernels.get(label), results.fidelity.get(label)
    rows = [
        *(_fidelity_rows(fidelity) if fidelity else []),
        *(_kernel_rows(kernels) if kernels else []),
        *(_peer_rows(peers) if peers else []),
    ]
    kind = "peers" if peers else "kernels"
    picture = pictures.get(f"{kind}-{label}.json")
    shown = [f"![speed beside others]({picture})", ""] if picture else []
    title = _title(label, peers or kernels or fidelity)
    return "\n".join([*shown, *table([title, OURS, ""], rows, figures=False)]).rstrip()


def _title(label: str, result: Origin | None) -> str:
    if result is None or result.machine is None:
        return label
    return f"{result.model or 'all-MiniLM-L6-v2'}, {result.machine.processor} ({label})"


def _fidelity_rows(result: FidelityFigures) -> list[list[str]]:
    invariance = result.batch_invariance
    least = f"{cosine(result.cosine_mean)} / {cosine(result.cosine_min)}"
    sentences = f"cosine of {result.variant} to fp32 on {result.texts:,} sentences of the STS benchmark, mean / least"
    different = f"rows whose bits differ in another batch, of {invariance.rows_compared:,}"
    rows = [
        [sentences, least],
        [f"Spearman with people's scores (fp32: {cosine(result.spearman_fp32)})", cosine(result.spearman_served)],
        [different, f"{invariance.rows_different:,}"],
    ]
    return [[*row, "`bench fidelity`"] for row in rows]


def _kernel_rows(result: KernelFigures) -> list[list[str]]:
    rows = []
    for pair, other in PAIRS.items():
        if SHAPE in result.ratios.get(pair, {}):
            figure = Spread(result.ratios[pair][SHAPE], result.noise[pair][SHAPE] / 2)
            title = f"speed of the int8 graph on one core against {other}, {SHAPE_TITLE}"
            rows.append([title, noisy(figure), "`bench kernels`"])
    return rows[:MOST_PAIRS]


def _peer_rows(result: PeersFigures) -> list[list[str]]:
    rows = []
    for row in ROWS:
        loads = result.rows.get(row, {})
        fastest = _fastest_other(loads)
        if OURS in loads and fastest is not None:
            ratio = relative(loads[OURS].requests_per_s, loads[fastest].requests_per_s)
            title = f"requests/s against the fastest other server, {fastest}: {row}"
            rows.append([title, noisy(ratio), "`bench peers`"])
    return rows


def _fastest_other(loads: dict[str, RowFigures]) -> str | None:
    speeds = {name: spread(load.requests_per_s) for name, load in loads.items() if name != OURS}
    medians = {name: speed.median for name, speed in speeds.items() if speed is not None}
    return max(medians, key=lambda name: medians[name], default=None)
