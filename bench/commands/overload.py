"""`bench overload`: twice the load that vecd can serve, for a minute: what is refused and how, and how the rest fares.

In: a multiple of the best throughput of a closed loop. Out: statuses, Retry-After, latencies and throughput of what was
accepted, memory each second. A refused request is not repeated.
"""

import argparse
import asyncio
import statistics

import msgspec

from bench.artifacts import open_artifact
from bench.figures.load import Load, LoadResult
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.figures.overload import OverloadFigures, render_table
from bench.options import add_seconds, add_warm_seconds, given_flags, positive
from bench.progress import say
from bench.servers.running import run_server
from bench.servers.vecd import vecd_spec
from bench.traffic.connection import Pool
from bench.traffic.driving import drive
from bench.traffic.loops import Plan, open_loop
from bench.traffic.processes import memory_mb
from bench.traffic.refusals import OverloadRecording
from bench.traffic.requests import prepare_requests
from bench.traffic.sampling import Sample, sampled
from bench.traffic.target import HOST, Running
from bench.workload.arrivals import steady
from bench.workload.texts import stream_texts

SECONDS, WARM_SECONDS, MOST_BEST_SECONDS = 60.0, 5.0, 10.0
TIMES, DEADLINE_MS = 2.0, 10_000
TEXTS, CONNECTIONS = 32, 16
DEADLINE_HEADER = "x-request-timeout-ms"
# Clients wait this many deadlines for an answer, and so see whether the server keeps them.
PATIENCE = 3
MOST_IN_FLIGHT = 10_000


class Overload(msgspec.Struct, frozen=True):
    offered_per_s: float
    recording: OverloadRecording
    rss_mb: list[Sample[float]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--times", type=float, default=TIMES, metavar="X", help="offered, of the best (default: %(default)s)")
    add_seconds(parser, SECONDS, "measured")
    add_warm_seconds(parser, WARM_SECONDS)
    add("--deadline-ms", type=positive, default=DEADLINE_MS, metavar="MS", help="of a request (default: %(default)s)")


def measure(options: argparse.Namespace) -> Outcome:
    """Find the best, offer more, find the best again."""
    open_artifact(options.models, options.model)  # a missing model is reported before anything is started
    figures = asyncio.run(_measure(options))
    return Outcome(figures, render_table(figures))


async def _measure(options: argparse.Namespace) -> OverloadFigures:
    origin = origin_fields(options)
    async with run_server(vecd_spec(options)) as server:
        before = await _find_best(server, options, options.seed)
        per_s = options.times * before.figures.requests_per_s
        say(f"at best {before.figures.texts_per_s:.0f} texts/s; now {per_s * TEXTS:.0f} for {options.seconds:g} s")
        found = await _overload(server, options, per_s)
        after = await _find_best(server, options, options.seed + 2)
    best = [one.figures.texts_per_s for one in (before, after)]
    accepted = found.recording.accepted()
    return OverloadFigures(
        **origin,
        times=options.times,
        deadline_ms=options.deadline_ms,
        offered_texts_per_s=found.offered_per_s * TEXTS,
        best_texts_per_s=best,
        accepted_of_best=accepted.texts_per_s / statistics.mean(best),
        statuses=found.recording.statuses(),
        other_errors=found.recording.other_errors(),
        retry_after=found.recording.retry_after(),
        accepted=accepted,
        rss_mb=summarize_memory(found.rss_mb, options.warm_seconds),
        rss_each_second_mb=[sample.value for sample in found.rss_mb],
        most_late_ms=found.recording.most_late_ms,
        seconds=options.seconds,
        flags=given_flags(options, ("times", "warm_seconds", "deadline_ms")),
    )


async def _find_best(server: Running, options: argparse.Namespace, seed: int) -> LoadResult:
    seconds = min(options.seconds, MOST_BEST_SECONDS)
    load = Load(
        profile="short", texts_per_request=TEXTS, connections=CONNECTIONS, warm_s=1.0, measured_s=seconds, seed=seed
    )
    return await drive(server, load)


async def _overload(server: Running, options: argparse.Namespace, per_s: float) -> Overload:
    deadline_s, end_s = options.deadline_ms / 1e3, options.warm_seconds + options.seconds
    headers = {DEADLINE_HEADER: str(options.deadline_ms)}
    requests = prepare_requests(server.spec, stream_texts("short", options.seed + 1), TEXTS, headers)
    # The recording knows the warm time itself: a request that is due in it may be answered after it.
    plan = Plan(warm_s=0, measured_s=end_s, timeout_s=PATIENCE * deadline_s, max_in_flight=MOST_IN_FLIGHT)
    recording, pool = OverloadRecording(options.warm_seconds, end_s, deadline_s), Pool(HOST, server.port)
    async with sampled(lambda: memory_mb(server.pid), 1.0) as rss_mb:
        await open_loop(pool, zip(steady(per_s), requests, strict=False), plan, recording)
    pool.close()
    return Overload(per_s, recording, rss_mb)


def summarize_memory(samples: list[Sample[float]], warm_s: float) -> dict[str, float]:
    """Return the first sample after the warm time, the last, and the most."""
    first = next(sample for sample in samples if sample.at_s >= warm_s)
    values = [sample.value for sample in samples]
    return {"after_warm": first.value, "last": values[-1], "most": max(values)}
