"""`bench load`: one load on one server, in any dialect: throughput, latency to p99.9, errors, what the server used.

Without --url it starts vecd itself, and in a closed loop each round first drives the same graph directly, and then, for
the native dialect, behind a bare event loop, with the server idle. With --url it loads any server that speaks the
dialect.
"""

import argparse
import asyncio
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice

import msgspec
import numpy as np
from msgspec.structs import asdict, replace
from tqdm import tqdm

from bench.artifacts import Encodings, LoadedModel, load_model, open_artifact
from bench.commands.load_ratios import compare_bare, compare_rounds, summarize_bare, summarize_rounds
from bench.figures.load import DirectRatios, DirectRounds, Load, LoadReport, LoadResult, render_table
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.graphs.direct import DirectFigures, measure_direct
from bench.options import add_rounds, add_seconds, add_warm_seconds, given_flags, positive
from bench.servers.bare import bare_spec
from bench.servers.running import at_url, run_server
from bench.servers.vecd import vecd_spec
from bench.traffic.dialects import DIALECTS, check_texts
from bench.traffic.driving import drive
from bench.traffic.messages import bearer
from bench.traffic.target import HOST, Running, ServerSpec
from bench.workload.texts import PROFILES, stream_texts

ROUNDS, SECONDS, WARM_SECONDS = 3, 10.0, 2.0
DIRECT_TEXTS = 2048
NATIVE = "native"
FLAGS = ("dialect", "profile", "texts", "connections", "per_s", "seconds", "warm_seconds", "duplicates")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--url", metavar="URL", help=f"a server on {HOST}; without, vecd is started for the load")
    add("--dialect", choices=DIALECTS, default=NATIVE, help="what the server speaks (default: %(default)s)")
    add("--name", metavar="NAME", help="the model's name, for dialects that send it (default: --model)")
    add("--key", metavar="KEY", help="sent as the bearer token of every request, to a server that asks for keys")
    add("--pid", type=positive, help="the server's process, for memory and processor time (with --url)")
    add("--profile", choices=PROFILES, default="short", help="lengths of the texts (default: %(default)s)")
    add("--texts", type=positive, default=1, metavar="N", help="texts a request (default: %(default)s)")
    add("--connections", type=positive, default=16, metavar="N", help="closed loop: requests in flight")
    add("--per-s", type=float, metavar="RATE", help="open loop: requests a second, whatever the server does")
    add_rounds(parser, ROUNDS)
    add_seconds(parser, SECONDS, "measured in a round")
    add_warm_seconds(parser, WARM_SECONDS)
    add("--duplicates", type=float, default=0.0, metavar="SHARE", help="share of texts sent before (default: none)")
    add("--delay-ms", type=float, default=0.0, metavar="MS", help="slow vecd down by this much, to test the benchmark")


def measure(options: argparse.Namespace) -> Outcome:
    check_texts(options.dialect, options.texts)
    if options.url is None:
        open_artifact(options.models, options.model)  # a missing model is reported before anything is started
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
    return Outcome(report, render_table(report))


class _Rounds(msgspec.Struct):
    """A result a round: of the graph driven directly, of the bare loop, and of the server."""

    direct: list[DirectFigures] = []
    bare: list[LoadResult] = []
    served: list[LoadResult] = []


async def _measure(options: argparse.Namespace, load: Load) -> LoadReport:
    origin = origin_fields(options)
    async with _open_server(options) as server:
        model, texts = _prepare_direct(options, load)
        # Beside one connection nobody needs another thread.
        threads = model.threads if model is not None and load.connections > 1 else 0
        async with _open_bare(options, threads, model) as bare:
            rounds = await _measure_rounds((server, bare), options, load, (model, texts))
    served = rounds.served
    raw, ratios = _compare(model, rounds.direct, served, load)
    beside = compare_bare(rounds.bare, served, threads) if rounds.bare else None
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
        bare=beside,
        **(summarize_bare(beside, load) if beside else {}),
        cold_start_s=server.cold_start_s if options.url is None else None,
        flags=given_flags(options, FLAGS),
    )


async def _measure_rounds(
    servers: tuple[Running, Running | None],
    options: argparse.Namespace,
    load: Load,
    direct: tuple[LoadedModel | None, Encodings],
) -> _Rounds:
    """Load the server, and before that in each round drive the model directly and load the bare loop, if there are."""
    (server, bare), (model, texts), found = servers, direct, _Rounds()
    with tqdm(desc=f"{server.spec.name:<14}", unit=" requests", disable=None) as bar:
        for number in range(options.rounds):
            again = replace(load, seed=load.seed + number)
            if model is not None:
                rng = np.random.default_rng(again.seed)
                found.direct.append(await asyncio.to_thread(measure_direct, model, texts, load.measured_s, rng))
            if bare is not None:
                found.bare.append(await drive(bare, again))
            found.served.append(await drive(server, again, bar))
    return found


def median_round(served: Sequence[LoadResult]) -> LoadResult:
    """Return the round of median throughput; of two in the middle, the slower."""
    middle = statistics.median_low(one.figures.texts_per_s for one in served)
    return next(one for one in served if one.figures.texts_per_s == middle)


def _prepare_direct(options: argparse.Namespace, load: Load) -> tuple[LoadedModel | None, Encodings]:
    """Return what the server runs, to be run here; None where that is not known, or an open loop sets the pace."""
    if options.url is not None or load.per_s is not None:
        return None, []
    tokenizer = open_artifact(options.models, options.model).tokenizer()
    texts = islice(stream_texts(load.profile, load.seed), DIRECT_TEXTS)
    model = load_model(options.models, options.model, options.provider)
    return model, [tokenizer.encode(one.text).ids for one in texts]


def _compare(
    model: LoadedModel | None, direct: Sequence[DirectFigures], served: Sequence[LoadResult], load: Load
) -> tuple[DirectRounds | None, DirectRatios]:
    if model is None:
        return None, DirectRatios()
    rounds = compare_rounds(direct, served, model)
    return rounds, summarize_rounds(rounds, one_connection=load.connections == 1)


@asynccontextmanager
async def _open_bare(
    options: argparse.Namespace, threads: int, model: LoadedModel | None
) -> AsyncIterator[Running | None]:
    """Run the bare loop beside the server, where its model is known and its dialect the bare loop's."""
    if model is None or options.dialect != NATIVE:
        yield None
        return
    async with run_server(bare_spec(options, threads)) as bare:
        yield bare


@asynccontextmanager
async def _open_server(options: argparse.Namespace) -> AsyncIterator[Running]:
    if options.url is None:
        spec = vecd_spec(options, options.dialect, options.delay_ms)
        async with run_server(replace(spec, headers=bearer(options.key))) as server:
            yield server
        return
    name = options.name or options.model
    spec = ServerSpec(name=options.url, command=(), dialect=options.dialect, model=name, headers=bearer(options.key))
    yield at_url(options.url, spec, options.pid)
