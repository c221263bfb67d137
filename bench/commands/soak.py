"""`bench soak`: minutes of good requests, bad ones and clients that leave; what is left of it in the server after that.

Out: statuses that are not the documented ones; memory, threads and open files before, after a minute and at the end;
gauges that should be back to zero; whether a text still has the very same bits.
"""

import argparse
import asyncio
from collections.abc import Sequence

import msgspec

from bench.artifacts import open_artifact
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.figures.soak import SoakFigures, render_table
from bench.options import given_flags, positive
from bench.progress import say
from bench.servers.running import run_server
from bench.servers.vecd import vecd_spec
from bench.traffic.bad_requests import LIMITS, bad_requests
from bench.traffic.client_steps import bad_step, stream_steps
from bench.traffic.clients import Tally, run_clients, sorted_counts, take_step
from bench.traffic.connection import Pool, send_alone
from bench.traffic.dialects import DIALECTS, decode_rows
from bench.traffic.gauges import read_gauges
from bench.traffic.messages import encode_message
from bench.traffic.processes import Resources, read_resources
from bench.traffic.sampling import Sample, sampled
from bench.traffic.target import HOST, Running

MINUTES, CALLERS, SAMPLE_S = 10.0, 12, 5.0
# Memory counts from here on: by then the cache is full and every thread has started.
SETTLED_S = 60.0
CACHE_BYTES = 4 * 1024 * 1024
WARM_S = 3.0
SETTLE_S = 2.0
KNOWN_TEXT = "The very same text, before and after."


class Idle(msgspec.Struct, frozen=True):
    """The server while no request is under way; `row` is a known text's embedding."""

    resources: Resources
    gauges: dict[str, float | None]
    row: list[float]


class Soaked(msgspec.Struct, frozen=True):
    """The server before and after the requests, the samples meanwhile, and whether it is ready in the end."""

    before: Idle
    samples: list[Sample[Resources]]
    after: Idle
    ready: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--minutes", type=float, default=MINUTES, metavar="M", help="how long (default: %(default)s)")
    add("--callers", type=positive, default=CALLERS, metavar="N", help="clients at a time (default: %(default)s)")


def measure(options: argparse.Namespace) -> Outcome:
    open_artifact(options.models, options.model)  # a missing model is reported before anything is started
    figures = asyncio.run(_measure(options))
    return Outcome(figures, render_table(figures))


async def _measure(options: argparse.Namespace) -> SoakFigures:
    origin = origin_fields(options)
    tally = Tally()
    found = await _soak(options, tally)
    before, after = found.before, found.after
    settled_s = min(SETTLED_S, 60 * options.minutes / 4)
    settled = next(one for one in found.samples if one.at_s >= settled_s).value
    return SoakFigures(
        **origin,
        minutes=options.minutes,
        callers=options.callers,
        steps=sorted_counts(tally.steps),
        statuses=sorted_counts(tally.statuses),
        unexpected=sorted_counts(tally.unexpected),
        vitals=tabulate_resources(before.resources, settled, after.resources, found.samples),
        rss_growth_share=after.resources.rss_mb / settled.rss_mb - 1,
        gauges={name: {"start": before.gauges[name], "end": after.gauges[name]} for name in after.gauges},
        same_bits=before.row == after.row,
        ready=found.ready,
        rss_mb_over_time=[one.value.rss_mb for one in found.samples],
        flags=given_flags(options, ("minutes", "callers")),
    )


async def _soak(options: argparse.Namespace, tally: Tally) -> Soaked:
    limits = [word for flag, value in LIMITS.items() for word in (flag, str(value))]
    spec = vecd_spec(options, flags=["--cache-bytes", str(CACHE_BYTES), *limits])
    seconds = 60 * options.minutes
    async with run_server(spec) as server:
        await _warm(server, options, tally)
        before = await _observe_idle(server)
        say(f"{options.callers} clients for {options.minutes:g} minutes")
        pool = Pool(HOST, server.port)
        async with sampled(lambda: read_resources(server.pid), min(SAMPLE_S, seconds / 20)) as samples:
            await run_clients(pool, stream_steps(options.seed), options.callers, seconds, tally)
        pool.close()
        after = await _observe_idle(server)
        return Soaked(before, samples, after, await _is_ready(server))


async def _warm(server: Running, options: argparse.Namespace, tally: Tally) -> None:
    """Send every kind of request once, so that what a server starts on demand is there from the start."""
    pool = Pool(HOST, server.port)
    for name, bad in bad_requests().items():
        await take_step(pool, bad_step(name, bad), tally)
    await run_clients(pool, stream_steps(options.seed + 1), options.callers, WARM_S, tally)
    pool.close()


async def _observe_idle(server: Running) -> Idle:
    """Observe the server a while after the last request: what it still holds then, it keeps."""
    await asyncio.sleep(SETTLE_S)
    dialect = DIALECTS["native"]
    body = msgspec.json.encode({"texts": [KNOWN_TEXT], "cache": False})
    reply = await send_alone(HOST, server.port, encode_message("POST", dialect.path, body))
    gauges = await read_gauges(server)
    await asyncio.sleep(SETTLE_S)
    return Idle(read_resources(server.pid), gauges, decode_rows(dialect, reply, 1)[0])


async def _is_ready(server: Running) -> bool:
    reply = await send_alone(HOST, server.port, encode_message("GET", "/health/ready"))
    return reply.status == 200


def tabulate_resources(
    start: Resources, settled: Resources, end: Resources, samples: Sequence[Sample[Resources]]
) -> dict[str, dict[str, float]]:
    """Return every resource at each moment, and the most of it."""
    moments = {"start": start, "after_a_minute": settled, "end": end}
    found: dict[str, dict[str, float]] = {}
    for name in Resources.__struct_fields__:
        found[name] = {when: getattr(one, name) for when, one in moments.items()}
        found[name]["most"] = max(getattr(one.value, name) for one in samples)
    return found
