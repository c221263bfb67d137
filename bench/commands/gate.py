"""`bench gate`: whether a result is worse than an earlier one of the same kind, by the ratios that both hold.

A ratio to something else that is timed on the same machine in the same run says more than a time. It fell where it is
lower by more than the noise of both files, in quadrature, allows; that is never less than LEAST_TOLERANCE. How good
retrieval is has no noise: nDCG@10 fell where it is lower by more than NDCG_TOLERANCE, and what an index finds of the
nearest, where it is lower by more than RECALL_TOLERANCE.
"""

import argparse
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from bench.errors import BenchError
from bench.figures.bare import BARE
from bench.figures.files import kind_of, read_file
from bench.figures.index import IndexFigures
from bench.figures.kernels import KernelFigures
from bench.figures.load import LoadReport
from bench.figures.outcomes import Reading, align, prepare_file, write_json
from bench.figures.peer_rows import OURS
from bench.figures.peers import PeersFigures
from bench.figures.retrieval import RetrievalFigures
from bench.figures.spread import Spread, relative, spread

RETRIEVAL, INDEX = "retrieval", "index"
SIGMAS = 3.0
LEAST_TOLERANCE = 0.02  # of the earlier ratio: less never fails the gate, however quiet the machine
NDCG_TOLERANCE = 0.003
RECALL_TOLERANCE = 0.005  # 25 of 5,000: which rows a graph misses differs from one build to the next
# Of kinds that say how much is found, how much less that may be.
FOUND = {RETRIEVAL: NDCG_TOLERANCE, INDEX: RECALL_TOLERANCE}

Ratios = dict[str, Spread]
Tolerance = Callable[[Spread, Spread], float]  # earlier and current in, the fall that is allowed out


class Verdict(msgspec.Struct, frozen=True):
    """One ratio in both files; None where a file lacks it, which does not count as a fall."""

    ratio: str
    against: Spread | None
    current: Spread | None
    tolerance: float | None
    fell: bool


class GateFigures(msgspec.Struct, frozen=True):
    """Every verdict, and what was compared."""

    against: str
    current: str
    sigmas: float
    verdicts: list[Verdict]
    fell: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--against", type=Path, required=True, metavar="FILE", help="the earlier result")
    parser.add_argument("--current", type=Path, required=True, metavar="FILE", help="the result that is judged")
    parser.add_argument(
        "--sigmas",
        type=float,
        default=SIGMAS,
        metavar="K",
        help="noise that is allowed, K times (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the verdicts are written, if at all")


def read(options: argparse.Namespace) -> Reading:
    """Compare the files; the status is 1 where a ratio fell."""
    if options.json is not None:
        prepare_file(options.json)
    ratios = _read_ratios(options.against, options.current)
    allowed = FOUND.get(kind_of(options.current))
    verdicts = judge(*ratios, beyond_noise(options.sigmas) if allowed is None else lambda *_: allowed)
    fell = any(verdict.fell for verdict in verdicts)
    if options.json is not None:
        figures = GateFigures(str(options.against), str(options.current), options.sigmas, verdicts, fell)
        write_json(options.json, figures)
    return Reading([*_table(verdicts), *_explain(verdicts)], status=int(fell))


def beyond_noise(sigmas: float) -> Tolerance:
    """Return the tolerance of what is timed."""
    return lambda before, now: max(sigmas * math.hypot(before.noise, now.noise), LEAST_TOLERANCE * before.median)


def judge(against: Mapping[str, Spread], current: Mapping[str, Spread], tolerance: Tolerance) -> list[Verdict]:
    """Return a verdict for each ratio of either file, in their order."""
    return [_judge_one(name, against.get(name), current.get(name), tolerance) for name in {**against, **current}]


def _judge_one(name: str, before: Spread | None, now: Spread | None, tolerance: Tolerance) -> Verdict:
    if before is None or now is None:
        return Verdict(name, before, now, None, fell=False)
    allowed = tolerance(before, now)
    return Verdict(name, before, now, allowed, fell=before.median - now.median > allowed)


def kernel_ratios(result: KernelFigures) -> Ratios:
    """Return the speed ratio of every pair of graphs at every shape."""
    return {
        f"{pair} at {shape}": Spread(ratio, result.noise[pair][shape] / 2)
        for pair, ratios in result.ratios.items()
        for shape, ratio in ratios.items()
    }


def peer_ratios(result: PeersFigures) -> Ratios:
    """Return vecd's requests per second relative to each other server's in every row, round by round."""
    found = {
        f"{OURS}/{name}, {row}": relative(loads[OURS].requests_per_s, load.requests_per_s)
        for row, loads in result.rows.items()
        if OURS in loads
        for name, load in loads.items()
        if name != OURS
    }
    return {name: ratio for name, ratio in found.items() if ratio is not None}


def load_ratios(result: LoadReport) -> Ratios:
    """Return vecd's requests per second relative to the bare loop's, and for one connection how much sooner it is."""
    if result.bare is None:
        return {}
    per_s = spread(result.bare.requests_per_s_of_bare)
    p50 = spread([1 / ratio for ratio in result.bare.p50_of_bare]) if result.load.connections == 1 else None
    of = f"{result.load.profile}, texts {result.load.texts_per_request}, connections {result.load.connections}"
    found = {f"{OURS}/{BARE}, requests/s, {of}": per_s, f"{BARE}/{OURS}, p50, {of}": p50}
    return {name: ratio for name, ratio in found.items() if ratio is not None}


def retrieval_scores(result: RetrievalFigures) -> Ratios:
    """Return nDCG@10 of each of vecd's rows, by collection and on the mean."""
    qualities = {**{name: one.quality for name, one in result.collections.items()}, "mean": result.mean}
    return {
        f"nDCG@10 of {row}, {name}": Spread(one.ndcg_at_10, 0.0)
        for name, quality in qualities.items()
        for row, one in quality.items()
        if row.startswith(OURS)
    }


def index_recalls(result: IndexFigures) -> Ratios:
    """Return recall@10 at each size, and under each filter."""
    found = {f"recall@10 of {int(count):,}": one.recall_at_10 for count, one in result.sizes.items()}
    filtered = {count: one.filtered for count, one in result.sizes.items()}
    filtered[str(result.documents)] = result.filtered
    for count, filters in filtered.items():
        found |= {f"recall@10 of {int(count):,}, {share} left": one.recall_at_10 for share, one in filters.items()}
    return {name: Spread(recall, 0.0) for name, recall in found.items()}


def _read_ratios(against: Path, current: Path) -> tuple[Ratios, Ratios]:
    kinds = {kind_of(against), kind_of(current)}
    if kinds == {"kernels"}:
        return kernel_ratios(read_file(against, KernelFigures)), kernel_ratios(read_file(current, KernelFigures))
    if kinds == {"peers"}:
        return peer_ratios(read_file(against, PeersFigures)), peer_ratios(read_file(current, PeersFigures))
    if kinds == {"load"}:
        return load_ratios(read_file(against, LoadReport)), load_ratios(read_file(current, LoadReport))
    if kinds == {RETRIEVAL}:
        first, second = read_file(against, RetrievalFigures), read_file(current, RetrievalFigures)
        return retrieval_scores(first), retrieval_scores(second)
    if kinds == {INDEX}:
        return index_recalls(read_file(against, IndexFigures)), index_recalls(read_file(current, IndexFigures))
    message = (
        f"{against} and {current} cannot be compared: both names must begin with kernels, or both with peers, load, "
        f"{RETRIEVAL} or {INDEX}, for what they hold"
    )
    raise BenchError(message)


def _table(verdicts: list[Verdict]) -> list[str]:
    rows = [("ratio ± noise", "against", "current", "may fall by", "")]
    for verdict in verdicts:
        allowed = "" if verdict.tolerance is None else f"{verdict.tolerance:.3f}"
        word = "missing" if verdict.tolerance is None else "fell" if verdict.fell else "ok"
        rows.append((verdict.ratio, _cell(verdict.against), _cell(verdict.current), allowed, word))
    return align(rows)


def _explain(verdicts: list[Verdict]) -> list[str]:
    lines = []
    for verdict in verdicts:
        if verdict.against is None or verdict.current is None:
            lines.append(
                f"missing: {verdict.ratio} is not in the {'earlier' if verdict.against is None else 'current'} file"
            )
        elif verdict.fell:
            change = f"{verdict.against.median:.3f} to {verdict.current.median:.3f}"
            lines.append(f"fell: {verdict.ratio}: {change}, by more than {verdict.tolerance:.3f}")
    return lines


def _cell(figure: Spread | None) -> str:
    return "missing" if figure is None else f"{figure.median:.3f} ± {figure.noise:.3f}"
