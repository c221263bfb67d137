"""`bench kernels`: how long vecd's graphs take beside optimum's and OpenVINO's, at four shapes, on one core and on all.

All get the same random token ids in the same rounds; OpenVINO runs in a process of its own on the same cores, and
times its turn on request. The others' graphs end at the token embeddings: their users' pooling and
normalization, which vecd's graphs include, are not counted against them.
"""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np

from bench.artifacts import Artifact, LoadedModel, load_model, open_artifact
from bench.errors import BenchError
from bench.figures.kernels import (
    SHAPES,
    KernelFigures,
    OperatorTime,
    Peak,
    Shape,
    Times,
    best_ms,
    compare,
    fractions,
    median_ms,
    render_table,
    rounds_ms,
    tokens_per_s,
)
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.graphs.in_process import VecdGraph, open_vecd, stock_graphs, vecd_graphs
from bench.graphs.openvino import Greeting, Openvino, prepare_openvino, run_openvino
from bench.graphs.operators import profile_operators
from bench.graphs.peak import linear_operations, matmul_graphs, summarize_peak
from bench.graphs.rounds import draw_ids, time_rounds
from bench.graphs.timing import Graph, Ids
from bench.machine import Machine, one_core
from bench.options import add_rounds
from bench.peers.stock import StockGraphs, prepare_stock
from bench.progress import say

ROUNDS = 15
CHOSEN = "vecd-int8"  # the graph whose operations are compared with the peak


class Contest(msgspec.Struct, frozen=True):
    """Everything that is timed, and what was left out and why."""

    artifact: Artifact
    model: LoadedModel
    vecd: dict[str, VecdGraph]
    stock: StockGraphs
    openvino: Openvino | None
    skipped: dict[str, str]


class Timed(msgspec.Struct, frozen=True):
    """Seconds on one core and on all, the seconds of the peak's matmuls, and what OpenVINO says of itself."""

    one_core: Times
    all_cores: Times
    matmuls: Times
    operators: dict[str, dict[str, OperatorTime]]
    greeting: Greeting


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_rounds(parser, ROUNDS)
    parser.add_argument(
        "--without-openvino", action="store_true", help="leave OpenVINO out, whose environment takes minutes to make"
    )


def measure(options: argparse.Namespace) -> Outcome:
    """Time every graph at every shape, round by round; then profile the one that the server chose."""
    origin = origin_fields(options)
    contest = _prepare(options, origin["machine"])
    timed = _time_all(contest, options)
    peak = summarize_peak(timed.matmuls)
    figures = KernelFigures(
        **origin,
        **_time_fields(timed),
        variants={name: one.variant for name, one in contest.vecd.items()},
        skipped=contest.skipped,
        peak=peak,
        peak_fraction=_peak_fraction(contest, timed.one_core, peak),
        operators=timed.operators,
        rounds=options.rounds,
        stock_versions=contest.stock.versions,
        openvino_versions=timed.greeting.versions,
        openvino_precision=timed.greeting.precision,
    )
    return Outcome(figures, render_table(figures))


def _time_all(contest: Contest, options: argparse.Namespace) -> Timed:
    rng = np.random.default_rng(options.seed)
    vocabulary = contest.artifact.tokenizer().get_vocab_size()
    ids = {shape: draw_ids(shape, vocabulary, rng) for shape in SHAPES}
    with one_core():
        matmuls = matmul_graphs(rng) if options.provider == "cpu" else {}
        with _open_graphs(contest, threads=1) as (graphs, greeting):
            times = time_rounds(graphs | matmuls, ids, options.rounds, rng, "one core")
        operators = _profile(contest, ids)
    with _open_graphs(contest, threads=contest.model.cores) as (graphs, _):
        wide = time_rounds(graphs, ids, options.rounds, rng, "all cores")
    return Timed(times, wide, {name: times.pop(name) for name in matmuls}, operators, greeting)


def _time_fields(timed: Timed) -> dict[str, Any]:
    """Return the fields of KernelFigures that follow from the seconds."""
    ratios, noise = compare(timed.one_core)
    ratios_all_cores, noise_all_cores = compare(timed.all_cores)
    return {
        "ratios": ratios,
        "noise": noise,
        "ratios_all_cores": ratios_all_cores,
        "noise_all_cores": noise_all_cores,
        "ms": median_ms(timed.one_core),
        "ms_all_cores": median_ms(timed.all_cores),
        "best_ms": best_ms(timed.one_core),
        "tokens_per_s": tokens_per_s(timed.one_core),
        "rounds_ms": rounds_ms(timed.one_core),
        "rounds_ms_all_cores": rounds_ms(timed.all_cores),
    }


def _prepare(options: argparse.Namespace, machine: Machine) -> Contest:
    artifact = open_artifact(options.models, options.model)
    model = load_model(options.models, options.model, options.provider)
    openvino, skipped = None, {}
    if options.without_openvino:
        skipped["openvino"] = "left out, as asked"
    elif options.provider != "cpu":
        skipped["openvino"] = "it is timed on the CPU only"
    else:
        try:
            openvino = prepare_openvino(artifact.manifest, machine)
        except BenchError as error:
            say(f"openvino is not timed: {error}")
            skipped["openvino"] = str(error)
    return Contest(artifact, model, open_vecd(artifact, model), prepare_stock(artifact.manifest), openvino, skipped)


@contextmanager
def _open_graphs(contest: Contest, threads: int) -> Iterator[tuple[dict[str, Graph], Greeting]]:
    """Yield every graph, run by that many threads on the cores of the calling thread."""
    graphs = vecd_graphs(contest.vecd, all_cores=threads > 1)
    graphs |= stock_graphs(contest.stock, contest.model.provider, threads)
    if contest.openvino is None:
        yield graphs, Greeting()
        return
    with run_openvino(contest.openvino, threads) as (others, greeting):
        yield graphs | others, greeting


def _profile(contest: Contest, ids: Mapping[Shape, Ids]) -> dict[str, dict[str, OperatorTime]]:
    """Return the chosen graph's operators by shape, on the CPU: on a GPU the profiler sees launches, not kernels."""
    if contest.model.provider != "cpu":
        return {}
    chosen = contest.model.variant
    return {shape.name: profile_operators(contest.artifact, chosen, one) for shape, one in ids.items()}


def _peak_fraction(contest: Contest, times: Times, peak: Peak | None) -> dict[str, float]:
    if peak is None or CHOSEN not in times:
        return {}
    return fractions(times[CHOSEN], linear_operations(contest.artifact.manifest.architecture), peak.tops)
