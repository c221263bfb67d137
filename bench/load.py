"""`bench load`: one load on one server, native or OpenAI dialect: throughput, latency to p99.9, errors, what it cost.

Without --url it starts vecd itself and stops it afterwards; with --url it loads any server that speaks the dialect.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tqdm import tqdm

from bench.artifacts import open_artifact
from bench.dialects import DIALECTS
from bench.driving import Load, LoadResult, drive
from bench.environments import FOLDER
from bench.errors import BenchError
from bench.options import positive
from bench.origin import Origin, origin_fields
from bench.results import Outcome, align
from bench.servers import HOST, Running, ServerSpec, run_server
from bench.texts import PROFILES


class LoadReport(Origin, frozen=True, kw_only=True):
    """The load, what it showed and what it used."""

    server: str
    dialect: str
    load: Load
    result: LoadResult
    cold_start_s: float | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what describes the load."""
    add = parser.add_argument
    add("--url", metavar="URL", help=f"a server on {HOST}; without, vecd is started for the load")
    add("--dialect", choices=DIALECTS, default="native", help="what the server speaks (default: %(default)s)")
    add("--name", metavar="NAME", help="the model's name in OpenAI requests (default: --model)")
    add("--pid", type=positive, help="the server's process, for memory and processor time (with --url)")
    add("--profile", choices=PROFILES, default="short", help="lengths of the texts (default: %(default)s)")
    add("--texts", type=positive, default=1, metavar="N", help="texts a request (default: %(default)s)")
    add("--connections", type=positive, default=16, metavar="N", help="closed loop: requests in flight")
    add("--per-s", type=float, metavar="RATE", help="open loop: requests a second, whatever the server does")
    add("--seconds", type=float, default=10.0, metavar="S", help="time measured (default: %(default)s)")
    add("--warm-seconds", type=float, default=2.0, metavar="S", help="time before (default: %(default)s)")
    add("--duplicates", type=float, default=0.0, metavar="SHARE", help="share of texts sent before (default: none)")
    add("--delay-ms", type=float, default=0.0, metavar="MS", help="slow vecd down by this much, to test the benchmark")


def measure(options: argparse.Namespace) -> Outcome:
    """Run the load."""
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


def vecd_spec(options: argparse.Namespace, delay_ms: float = 0.0) -> ServerSpec:
    """Return how vecd is started; with a delay, inside the benchmark's own wrapper."""
    wrapper = ["bench.slowed", "--delay-ms", str(delay_ms)] if delay_ms else ["server"]
    flags = ["--port", "{port}", "--models", str(options.models), "--model", options.model, "--cache-bytes", "0"]
    flags += ["--provider", options.provider]
    command = [sys.executable, "-m", *wrapper, *flags]
    return ServerSpec(name="vecd", command=command, dialect=options.dialect, model=options.model)


async def _measure(options: argparse.Namespace, load: Load) -> LoadReport:
    async with _server(options) as server:
        with tqdm(desc=f"{server.spec.name:<14}", unit=" requests", disable=None) as bar:
            result = await drive(server, load, bar)
    return LoadReport(
        **origin_fields(options),
        server=options.url or "vecd",
        dialect=options.dialect,
        load=load,
        result=result,
        cold_start_s=server.cold_start_s if options.url is None else None,
    )


@asynccontextmanager
async def _server(options: argparse.Namespace) -> AsyncIterator[Running]:
    if options.url is None:
        async with run_server(vecd_spec(options, options.delay_ms), FOLDER / "logs") as server:
            yield server
        return
    parts = urlsplit(options.url)
    if parts.hostname != HOST or parts.port is None:
        message = f"--url {options.url}: only servers on http://{HOST}:PORT are loaded"
        raise BenchError(message)
    name = options.name or options.model
    spec = ServerSpec(name=options.url, command=(), dialect=options.dialect, model=name)
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
    return align(rows)
