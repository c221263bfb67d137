"""`bench load`: one load on one server, in any dialect: throughput, latency to p99.9, errors, what it cost.

Without --url it starts vecd itself, and in a closed loop each round first drives the same graph directly, with the
server idle. With --url it loads any server that speaks the dialect.
"""

import argparse
import asyncio
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from urllib.parse import urlsplit

import numpy as np
from msgspec.structs import asdict, replace
from tqdm import tqdm

from bench.artifacts import open_artifact
from bench.commands.load_ratios import RawRatios, RawRounds, compare_rounds, raw_rows, summarize_rounds
from bench.environments import FOLDER
from bench.errors import BenchError
from bench.figures.origin import Origin, origin_fields
from bench.figures.outcomes import Outcome, align
from bench.graphs.direct import BareFigures, Encodings, measure_bare
from bench.options import given_flags, positive
from bench.servers.running import HOST, Running, ServerSpec, run_server
from bench.servers.vecd import vecd_spec
from bench.traffic.dialects import DIALECTS, bearer, check_texts
from bench.traffic.driving import Load, LoadResult, drive
from bench.workload.texts import PROFILES, stream_texts
from server import MEMORY, Daemon, Settings, build_daemon

ROUNDS = 3
RAW_TEXTS = 2048
FLAGS = ("dialect", "profile", "texts", "connections", "per_s", "seconds", "warm_seconds", "duplicates")


class LoadReport(Origin, frozen=True, kw_only=True):
    """The load, and what it showed and used in the round of median throughput.

    `of_raw_batch1`, `of_raw_best`: served texts/s over those of the graph driven directly on the cores that the
    generator leaves, at one text a run and at its best size of run. `p50_over_raw_ms`: the served median latency of one
    connection over that of a lone run. Each is the median over the rounds.
    """

    server: str
    dialect: str
    load: Load
    rounds: int
    result: LoadResult
    rounds_texts_per_s: list[float]
    rounds_p50_ms: list[float]
    rounds_errors: list[int]
    of_raw_batch1: float | None
    of_raw_best: float | None
    p50_over_raw_ms: float | None
    raw: RawRounds | None
    cold_start_s: float | None
    flags: dict[str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what describes the load."""
    add = parser.add_argument
    add("--url", metavar="URL", help=f"a server on {HOST}; without, vecd is started for the load")
    add("--dialect", choices=DIALECTS, default="native", help="what the server speaks (default: %(default)s)")
    add("--name", metavar="NAME", help="the model's name, for dialects that tell it (default: --model)")
    add("--key", metavar="KEY", help="sent as the bearer token of every request, to a server that asks for keys")
    add("--pid", type=positive, help="the server's process, for memory and processor time (with --url)")
    add("--profile", choices=PROFILES, default="short", help="lengths of the texts (default: %(default)s)")
    add("--texts", type=positive, default=1, metavar="N", help="texts a request (default: %(default)s)")
    add("--connections", type=positive, default=16, metavar="N", help="closed loop: requests in flight")
    add("--per-s", type=float, metavar="RATE", help="open loop: requests a second, whatever the server does")
    add("--rounds", type=positive, default=ROUNDS, metavar="N", help="times that all is timed (default: %(default)s)")
    add("--seconds", type=float, default=10.0, metavar="S", help="measured in a round (default: %(default)s)")
    add("--warm-seconds", type=float, default=2.0, metavar="S", help="time before (default: %(default)s)")
    add("--duplicates", type=float, default=0.0, metavar="SHARE", help="share of texts sent before (default: none)")
    add("--delay-ms", type=float, default=0.0, metavar="MS", help="slow vecd down by this much, to test the benchmark")


def measure(options: argparse.Namespace) -> Outcome:
    """Run the load."""
    check_texts(options.dialect, options.texts)
    if options.url is None:
        open_artifact(options.models, options.model)  # a missing model is told before anything is started
    load = Load(
        profile=options.profile,
        texts_per_request=options.texts,
        connections=options.connections,
        per_s=options.per_s,
        warm_s=options.warm_seconds,
        measured_s=options.seconds,
        duplicates=options.duplicates,
        seed=options.seed,
    )
    report = asyncio.run(_measure(options, load))
    return Outcome(report, _table(report))


async def _measure(options: argparse.Namespace, load: Load) -> LoadReport:
    origin = origin_fields(options)
    served: list[LoadResult] = []
    bare: list[BareFigures] = []
    async with _server(options) as server:
        daemon, texts = _prepare_raw(options, load)
        with tqdm(desc=f"{server.spec.name:<14}", unit=" requests", disable=None) as bar:
            for number in range(options.rounds):
                if daemon is not None:
                    rng = np.random.default_rng(options.seed + number)
                    bare.append(await asyncio.to_thread(measure_bare, daemon, texts, load.measured_s, rng))
                served.append(await drive(server, replace(load, seed=load.seed + number), bar))
    raw, ratios = _compare(daemon, bare, served, load)
    return LoadReport(
        **origin,
        server=options.url or "vecd",
        dialect=options.dialect,
        load=load,
        rounds=options.rounds,
        result=median_round(served),
        rounds_texts_per_s=[one.figures.texts_per_s for one in served],
        rounds_p50_ms=[one.figures.latency_ms["p50"] for one in served],
        rounds_errors=[sum(one.figures.errors.values()) for one in served],
        **asdict(ratios),
        raw=raw,
        cold_start_s=server.cold_start_s if options.url is None else None,
        flags=given_flags(options, FLAGS),
    )


def median_round(served: Sequence[LoadResult]) -> LoadResult:
    """Return the round of median throughput; of two in the middle, the slower."""
    middle = statistics.median_low(one.figures.texts_per_s for one in served)
    return next(one for one in served if one.figures.texts_per_s == middle)


def _prepare_raw(options: argparse.Namespace, load: Load) -> tuple[Daemon | None, Encodings]:
    """Return what the server runs, to be run here; None where that is not known, or an open loop sets the pace."""
    if options.url is not None or load.per_s is not None:
        return None, []
    settings = Settings(
        models=options.models, model=options.model, provider=options.provider, cache_bytes=0, data=MEMORY
    )
    tokenizer = open_artifact(options.models, options.model).tokenizer()
    texts = islice(stream_texts(load.profile, load.seed), RAW_TEXTS)
    return build_daemon(settings), [tokenizer.encode(one.text).ids for one in texts]


def _compare(
    daemon: Daemon | None, bare: Sequence[BareFigures], served: Sequence[LoadResult], load: Load
) -> tuple[RawRounds | None, RawRatios]:
    if daemon is None:
        return None, RawRatios()
    raw = compare_rounds(bare, served, daemon)
    return raw, summarize_rounds(raw, one_connection=load.connections == 1)


@asynccontextmanager
async def _server(options: argparse.Namespace) -> AsyncIterator[Running]:
    if options.url is None:
        spec = vecd_spec(options, options.dialect, options.delay_ms)
        async with run_server(replace(spec, headers=bearer(options.key)), FOLDER / "logs") as server:
            yield server
        return
    parts = urlsplit(options.url)
    if parts.hostname != HOST or parts.port is None:
        message = f"--url {options.url}: only servers on http://{HOST}:PORT are loaded"
        raise BenchError(message)
    name = options.name or options.model
    spec = ServerSpec(name=options.url, command=(), dialect=options.dialect, model=name, headers=bearer(options.key))
    yield Running(spec, parts.port, options.pid, 0.0)


def _table(report: LoadReport) -> list[str]:
    figures, usage = report.result.figures, report.result.usage
    latency = figures.latency_ms
    rates = (figures.requests_per_s, figures.texts_per_s, figures.tokens_per_s)
    rows = [
        ("requests/s, texts/s, tokens/s", *(f"{rate:.0f}" for rate in rates)),
        ("latency ms, p50, p99, p99.9", *(f"{latency[p]:.2f}" for p in ("p50", "p99", "p99.9"))),
        ("cores busy: server, generator", f"{usage.server_cores:.2f}", f"{usage.generator_cores:.2f}", ""),
        ("memory of the server, MB", f"{usage.rss_mb:.0f}", "", ""),
        ("errors", str(figures.errors or "none"), "", ""),
    ]
    if report.raw is not None:
        ratios = RawRatios(report.of_raw_batch1, report.of_raw_best, report.p50_over_raw_ms)
        rows += raw_rows(report.raw, ratios)
    others = f"errors in each: {', '.join(map(str, report.rounds_errors))}"
    return [*align(rows), f"the round of median throughput, of {report.rounds}; {others}"]
