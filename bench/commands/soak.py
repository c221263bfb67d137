"""`bench soak`: minutes of good requests, bad ones and clients that leave; what is left of it in the server after that.

Out: statuses that are not the documented ones; memory, threads and open files before, after a minute and when all is
over; gauges that should be back to zero; whether a text still embeds to the very same bits.
"""

import argparse
import asyncio
from collections.abc import Sequence

import msgspec

from bench.artifacts import open_artifact
from bench.environments import FOLDER
from bench.figures.origin import Origin, origin_fields
from bench.figures.outcomes import Outcome, align
from bench.options import given_flags, positive
from bench.progress import say
from bench.servers.running import HOST, Running, run_server
from bench.servers.vecd import vecd_spec
from bench.traffic.bad_requests import LIMITS, whole_request, wrong_requests
from bench.traffic.client_steps import stream_steps, wrong_step
from bench.traffic.clients import Tally, run_callers, sorted_counts, take_step
from bench.traffic.connection import Pool
from bench.traffic.dialects import DIALECTS, decode_rows
from bench.traffic.gauges import read_gauges
from bench.traffic.sampling import Sample, sampled
from bench.traffic.vitals import Vitals, read_vitals

MINUTES, CALLERS, SAMPLE_S = 10.0, 12, 5.0
# Memory counts from here on: by then the cache is full and every thread has started.
SETTLED_S = 60.0
CACHE_BYTES = 4 * 1024 * 1024
WARM_S = 3.0
SETTLE_S = 2.0
KNOWN_TEXT = "The very same text, before and after."


class SoakFigures(Origin, frozen=True, kw_only=True):
    """`unexpected` counts what docs/api.md does not promise; `steps` what was sent, by kind, `statuses` what came.

    `vitals`: at the start, a minute after it (a quarter of a shorter run), at the most, and in the end, when nobody
    asks for anything any more. `rss_growth_share` is from that minute to the end. `gauges` are None where the server
    has none.
    """

    minutes: float
    callers: int
    steps: dict[str, int]
    statuses: dict[str, int]
    unexpected: dict[str, int]
    vitals: dict[str, dict[str, float]]
    rss_growth_share: float
    gauges: dict[str, dict[str, float | None]]
    same_bits: bool
    ready: bool
    rss_mb_over_time: list[float]
    flags: dict[str, str]


class Still(msgspec.Struct, frozen=True):
    """The server while nobody asks for anything: its vitals, its gauges, and a known text's embedding."""

    vitals: Vitals
    gauges: dict[str, float | None]
    row: list[float]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --minutes and --callers."""
    add = parser.add_argument
    add("--minutes", type=float, default=MINUTES, metavar="M", help="how long (default: %(default)s)")
    add("--callers", type=positive, default=CALLERS, metavar="N", help="clients at a time (default: %(default)s)")


def measure(options: argparse.Namespace) -> Outcome:
    """Load the server for that long and look what is left."""
    open_artifact(options.models, options.model)  # a missing model is told before anything is started
    figures = asyncio.run(_measure(options))
    return Outcome(figures, render_table(figures))


async def _measure(options: argparse.Namespace) -> SoakFigures:
    origin = origin_fields(options)
    limits = [word for flag, value in LIMITS.items() for word in (flag, str(value))]
    spec = vecd_spec(options, flags=["--cache-bytes", str(CACHE_BYTES), *limits])
    seconds, tally = 60 * options.minutes, Tally()
    async with run_server(spec, FOLDER / "logs") as server:
        await _warm(server, options, tally)
        before = await _stand_still(server)
        say(f"{options.callers} clients for {options.minutes:g} minutes")
        pool = Pool(HOST, server.port)
        async with sampled(lambda: read_vitals(server.pid), min(SAMPLE_S, seconds / 20)) as samples:
            await run_callers(pool, stream_steps(options.seed), options.callers, seconds, tally)
        pool.close()
        after = await _stand_still(server)
        ready = await _is_ready(server)
    settled = next(one for one in samples if one.at_s >= min(SETTLED_S, seconds / 4)).value
    return SoakFigures(
        **origin,
        minutes=options.minutes,
        callers=options.callers,
        steps=sorted_counts(tally.steps),
        statuses=sorted_counts(tally.statuses),
        unexpected=sorted_counts(tally.unexpected),
        vitals=tabulate_vitals(before.vitals, settled, after.vitals, samples),
        rss_growth_share=after.vitals.rss_mb / settled.rss_mb - 1,
        gauges={name: {"start": before.gauges[name], "end": after.gauges[name]} for name in after.gauges},
        same_bits=before.row == after.row,
        ready=ready,
        rss_mb_over_time=[one.value.rss_mb for one in samples],
        flags=given_flags(options, ("minutes", "callers")),
    )


async def _warm(server: Running, options: argparse.Namespace, tally: Tally) -> None:
    """Ask for everything once, so that what a server starts only when it is needed is there from the start."""
    pool = Pool(HOST, server.port)
    for name, wrong in wrong_requests().items():
        await take_step(pool, wrong_step(name, wrong), tally)
    await run_callers(pool, stream_steps(options.seed + 1), options.callers, WARM_S, tally)
    pool.close()


async def _stand_still(server: Running) -> Still:
    """Look at the server a while after the last request: whatever it still holds then, it keeps."""
    await asyncio.sleep(SETTLE_S)
    pool, dialect = Pool(HOST, server.port), DIALECTS["native"]
    body = msgspec.json.encode({"texts": [KNOWN_TEXT], "cache": False})
    reply = await pool.send(whole_request("POST", dialect.path, body))
    pool.close()
    gauges = await read_gauges(server)
    await asyncio.sleep(SETTLE_S)
    return Still(read_vitals(server.pid), gauges, decode_rows(dialect, reply, 1)[0])


async def _is_ready(server: Running) -> bool:
    pool = Pool(HOST, server.port)
    reply = await pool.send(whole_request("GET", "/health/ready"))
    pool.close()
    return reply.status == 200


def tabulate_vitals(
    start: Vitals, settled: Vitals, end: Vitals, samples: Sequence[Sample[Vitals]]
) -> dict[str, dict[str, float]]:
    """Return every vital at each moment, and the most of it."""
    moments = {"start": start, "after_a_minute": settled, "end": end}
    found: dict[str, dict[str, float]] = {}
    for name in Vitals.__struct_fields__:
        found[name] = {when: getattr(one, name) for when, one in moments.items()}
        found[name]["most"] = max(getattr(one.value, name) for one in samples)
    return found


def render_table(figures: SoakFigures) -> list[str]:
    """Return the figures for a terminal."""
    moments = ("start", "after_a_minute", "most", "end")
    rows = [[f"over {figures.minutes:g} minutes", *(moment.replace("_", " ") for moment in moments)]]
    for name, values in figures.vitals.items():
        rows.append([name, *(f"{values[moment]:.0f}" for moment in moments)])
    gauges = [["gauge", "start", "end"]]
    for name, ends in figures.gauges.items():
        gauges.append([name, *("-" if value is None else f"{value:g}" for value in (ends["start"], ends["end"]))])
    return [
        *align(rows),
        f"memory grew since then by {figures.rss_growth_share:.1%}",
        *align(gauges),
        f"steps: {sum(figures.steps.values())} ({_list(figures.statuses)})",
        f"unexpected: {_list(figures.unexpected) or 'nothing'}",
        f"the same bits as before: {'yes' if figures.same_bits else 'NO'}; ready: {'yes' if figures.ready else 'NO'}",
    ]


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items())
