"""`bench kernels`: how long vecd's graphs take beside optimum's and OpenVINO's, at four shapes, on one core and on all.

All see the same random token ids in the same rounds; OpenVINO runs in a process of its own on the same cores, and
times its turn when it is asked to. The others' graphs end at the token embeddings: their users' pooling and
normalization, which vecd's graphs include, are not counted against them.
"""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec
import numpy as np

from bench.artifacts import Artifact, open_artifact
from bench.errors import BenchError
from bench.figures.kernels import (
    KernelFigures,
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
from bench.graphs.in_process import Graph, Ids, VecdGraph, open_vecd, stock_graphs, vecd_graphs
from bench.graphs.openvino import Greeting, Openvino, prepare_openvino, run_openvino
from bench.graphs.operators import OperatorTime, profile_operators
from bench.graphs.peak import Peak, linear_operations, matmul_graphs, summarize_peak
from bench.graphs.rounds import SHAPES, Shape, Times, draw_ids, time_rounds
from bench.machine import Machine, one_core
from bench.options import positive
from bench.peers.stock import StockGraphs, prepare_stock
from bench.progress import say
from server import MEMORY, Daemon, Settings, build_daemon

ROUNDS = 15
OURS = "vecd-int8"


class Contest(msgspec.Struct, frozen=True):
    """Everything that is timed, and what was left out and why."""

    artifact: Artifact
    daemon: Daemon
    vecd: dict[str, VecdGraph]
    stock: StockGraphs
    openvino: Openvino | None
    skipped: dict[str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --rounds and --without-openvino."""
    parser.add_argument(
        "--rounds", type=positive, default=ROUNDS, metavar="N", help="times that all is timed (default: %(default)s)"
    )
    parser.add_argument(
        "--without-openvino", action="store_true", help="leave OpenVINO out, whose environment takes minutes to make"
    )


def measure(options: argparse.Namespace) -> Outcome:
    """Time every graph at every shape, round by round; then look into the one that the server chose."""
    origin = origin_fields(options)
    contest = _prepare(options, origin["machine"])
    rng = np.random.default_rng(options.seed)
    vocabulary = contest.artifact.tokenizer().get_vocab_size()
    ids = {shape: draw_ids(shape, vocabulary, rng) for shape in SHAPES}
    with one_core():
        matmuls = matmul_graphs(rng) if options.provider == "cpu" else {}
        with _open_graphs(contest, threads=1) as (graphs, greeting):
            times = time_rounds(graphs | matmuls, ids, options.rounds, rng, "one core")
        operators = _profile(contest, ids)
    with _open_graphs(contest, threads=contest.daemon.cores) as (graphs, _):
        wide = time_rounds(graphs, ids, options.rounds, rng, "all cores")
    peak = summarize_peak({name: times.pop(name) for name in matmuls})
    ratios, noise = compare(times)
    ratios_wide, noise_wide = compare(wide)
    figures = KernelFigures(
        **origin,
        variants={name: one.variant for name, one in contest.vecd.items()},
        skipped=contest.skipped,
        ratios=ratios,
        noise=noise,
        ratios_all_cores=ratios_wide,
        noise_all_cores=noise_wide,
        peak=peak,
        peak_fraction=_peak_fraction(contest, times, peak),
        ms=median_ms(times),
        ms_all_cores=median_ms(wide),
        best_ms=best_ms(times),
        tokens_per_s=tokens_per_s(times),
        operators=operators,
        rounds_ms=rounds_ms(times),
        rounds_ms_all_cores=rounds_ms(wide),
        rounds=options.rounds,
        stock_versions=contest.stock.versions,
        openvino_versions=greeting.versions,
        openvino_precision=greeting.precision,
    )
    return Outcome(figures, render_table(figures))


def _prepare(options: argparse.Namespace, machine: Machine) -> Contest:
    artifact = open_artifact(options.models, options.model)
    daemon = build_daemon(
        Settings(models=options.models, model=options.model, provider=options.provider, cache_bytes=0, data=MEMORY)
    )
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
    return Contest(artifact, daemon, open_vecd(artifact, daemon), prepare_stock(artifact.manifest), openvino, skipped)


@contextmanager
def _open_graphs(contest: Contest, threads: int) -> Iterator[tuple[dict[str, Graph], Greeting]]:
    """Yield every graph, run by so many threads on the cores of the calling thread."""
    graphs = vecd_graphs(contest.vecd, all_cores=threads > 1)
    graphs |= stock_graphs(contest.stock, contest.daemon.provider.provider, threads)
    if contest.openvino is None:
        yield graphs, Greeting()
        return
    with run_openvino(contest.openvino, threads) as (others, greeting):
        yield graphs | others, greeting


def _profile(contest: Contest, ids: Mapping[Shape, Ids]) -> dict[str, dict[str, OperatorTime]]:
    """Return the chosen graph's operators by shape, on the CPU: on a GPU the profiler sees launches, not kernels."""
    if contest.daemon.provider.provider != "cpu":
        return {}
    chosen = contest.daemon.chosen.variant
    return {shape.name: profile_operators(contest.artifact, chosen, one) for shape, one in ids.items()}


def _peak_fraction(contest: Contest, times: Times, peak: Peak | None) -> dict[str, float]:
    if peak is None or OURS not in times:
        return {}
    return fractions(times[OURS], linear_operations(contest.artifact.manifest.architecture), peak.tops)
