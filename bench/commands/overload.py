"""`bench overload`: twice what vecd can do, for a minute: what is refused and how, and how those fare that are not.

In: a multiple of the best throughput of a closed loop. Out: statuses, Retry-After, latencies and throughput of what was
accepted, memory each second. What is refused is not tried again.
"""

import argparse
import asyncio
import statistics

import msgspec

from bench.artifacts import open_artifact
from bench.environments import FOLDER
from bench.figures.origin import Origin, origin_fields
from bench.figures.outcomes import Outcome, align
from bench.options import given_flags, positive
from bench.progress import say
from bench.servers.running import HOST, Running, run_server
from bench.servers.vecd import vecd_spec
from bench.traffic.connection import Pool
from bench.traffic.driving import Load, LoadResult, drive
from bench.traffic.loops import Plan, open_loop
from bench.traffic.processes import memory_mb
from bench.traffic.refusals import Accepted, OverloadRecording, RetryAfter
from bench.traffic.requests import prepare_requests
from bench.traffic.sampling import Sample, sampled
from bench.workload.arrivals import steady
from bench.workload.texts import stream_texts

SECONDS, WARM_SECONDS, MOST_BEST_SECONDS = 60.0, 5.0, 10.0
TIMES, DEADLINE_MS = 2.0, 10_000
TEXTS, CONNECTIONS = 32, 16
DEADLINE_HEADER = "x-request-timeout-ms"
# A client that gives up well after its deadline sees whether the server kept it.
PATIENCE = 3
MOST_IN_FLIGHT = 10_000


class OverloadFigures(Origin, frozen=True, kw_only=True):
    """`best_texts_per_s` is of the closed loop before and after; `accepted_of_best` is against their mean.

    `other_errors` are requests without a status. `rss_mb` is sampled each second: the first after the warm time, the
    last, and the most. `most_late_ms` is how far the generator fell behind.
    """

    times: float
    deadline_ms: int
    offered_texts_per_s: float
    best_texts_per_s: list[float]
    accepted_of_best: float
    statuses: dict[str, int]
    other_errors: dict[str, int]
    retry_after: RetryAfter
    accepted: Accepted
    rss_mb: dict[str, float]
    rss_each_second_mb: list[float]
    most_late_ms: float
    seconds: float
    flags: dict[str, str]


class Overload(msgspec.Struct, frozen=True):
    """The open loop's result."""

    offered_per_s: float
    recording: OverloadRecording
    rss_mb: list[Sample[float]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what describes the load."""
    add = parser.add_argument
    add("--times", type=float, default=TIMES, metavar="X", help="offered, of the best (default: %(default)s)")
    add("--seconds", type=float, default=SECONDS, metavar="S", help="measured (default: %(default)s)")
    add("--warm-seconds", type=float, default=WARM_SECONDS, metavar="S", help="time before (default: %(default)s)")
    add("--deadline-ms", type=positive, default=DEADLINE_MS, metavar="MS", help="of a request (default: %(default)s)")


def measure(options: argparse.Namespace) -> Outcome:
    """Find the best, offer more, find the best again."""
    open_artifact(options.models, options.model)  # a missing model is told before anything is started
    figures = asyncio.run(_measure(options))
    return Outcome(figures, render_table(figures))


async def _measure(options: argparse.Namespace) -> OverloadFigures:
    origin = origin_fields(options)
    async with run_server(vecd_spec(options), FOLDER / "logs") as server:
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
    # The recording tells the warm time itself, for what is due in it may be answered after it.
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


def render_table(figures: OverloadFigures) -> list[str]:
    """Return the figures for a terminal."""
    accepted, retry, rss = figures.accepted, figures.retry_after, figures.rss_mb
    headers = (retry.least_s, retry.median_s, retry.most_s)
    rows = [
        ("texts/s: at best before, after", *(f"{best:.0f}" for best in figures.best_texts_per_s), ""),
        ("texts/s: offered, accepted", f"{figures.offered_texts_per_s:.0f}", f"{accepted.texts_per_s:.0f}", ""),
        ("accepted of the best", f"{figures.accepted_of_best:.3f}", "", ""),
        ("accepted ms: p50, p99, max", *(f"{ms:.0f}" for ms in (accepted.p50_ms, accepted.p99_ms, accepted.max_ms))),
        (f"answered after the {figures.deadline_ms} ms", str(accepted.after_deadline), "", ""),
        ("429: all, with Retry-After", str(retry.refused), str(retry.with_header), ""),
        ("Retry-After s: least, median, most", *("-" if value is None else f"{value:g}" for value in headers)),
        ("memory MB: after warm, last, most", *(f"{rss[name]:.0f}" for name in ("after_warm", "last", "most"))),
        ("generator late by at most, ms", f"{figures.most_late_ms:.1f}", "", ""),
    ]
    statuses = ", ".join(f"{status}: {count}" for status, count in figures.statuses.items())
    return [*align(rows), f"statuses: {statuses}", f"other errors: {figures.other_errors or 'none'}"]
