"""What long texts cost the short ones beside them: p99 of the short ones with and without the long, at the same times.

In: a running server and its own session here. Out: for each round the capacity, both p99s at a share of it, and the
time of a run of the longest text on one core. A text can hardly wait for less than the run that is under way: allowed
is the p99 without long texts, and two such runs.
"""

import statistics
from collections import Counter
from collections.abc import Sequence

import msgspec

from bench.graphs.costs import prepare_call
from bench.graphs.timing import time_call
from bench.machine import one_core
from bench.servers.running import HOST, Running
from bench.traffic.connection import Pool
from bench.traffic.driving import Load, drive
from bench.traffic.loops import Plan, open_loop
from bench.traffic.recording import ClassRecording, Recording
from bench.traffic.requests import Prepared, prepare_requests
from bench.workload.arrivals import poisson
from bench.workload.texts import stream_texts
from bench.workload.traces import LONGEST_TOKENS, SHORT_TOKENS
from server import Session

SHARE = 0.7  # of capacity: a server that is well used but not overrun
CONNECTIONS = 16  # of the closed loop that finds the capacity
RUNS_ALLOWED = 2
REPEATS = 9
SHORT, LONG = "short", "long"


class Window(msgspec.Struct, frozen=True):
    """How long each load is warmed up and measured; the seed of the texts and their arrivals."""

    warm_s: float
    measured_s: float
    seed: int


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One round; `without` has the arrivals of `short` alone."""

    capacity_per_s: float
    with_long: dict[str, Recording]
    without: dict[str, Recording]
    long_run_ms: float


class CompanyFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A value a round. `of_allowed` is the median of the p99 with long texts over what is allowed.

    `most_late_ms` is how far the generator fell behind: the most that a short text was sent after its time.
    """

    share_of_capacity: float
    short_tokens: int
    capacity_per_s: list[float]
    arrivals_per_s: list[float]
    short_p99_ms: dict[str, list[float]]
    short_p50_ms: dict[str, list[float]]
    long_p99_ms: list[float]
    long_run_ms: list[float]
    allowed_ms: list[float]
    of_allowed: float
    errors: dict[str, int]
    most_late_ms: list[float]


async def measure_round(server: Running, session: Session, window: Window) -> Round:
    """Find the capacity, then load a share of it with and without the long texts."""
    found = await drive(
        server,
        Load(
            profile="mixed",
            connections=CONNECTIONS,
            warm_s=window.warm_s,
            measured_s=window.measured_s / 2,
            seed=window.seed,
        ),
    )
    capacity = found.figures.requests_per_s
    with one_core():
        run_s = time_call(prepare_call(session, [list(range(1, LONGEST_TOKENS + 1))]), REPEATS)
    per_s = max(1.0, SHARE * capacity)
    # Every other round the other way round: neither always follows the same neighbour.
    first_long = window.seed % 2 == 0
    loads = {long: await _load(server, per_s, window, long=long) for long in (first_long, not first_long)}
    return Round(capacity_per_s=capacity, with_long=loads[True], without=loads[False], long_run_ms=1e3 * run_s)


async def _load(server: Running, per_s: float, window: Window, *, long: bool) -> dict[str, Recording]:
    requests = prepare_requests(server.spec, stream_texts("mixed", window.seed), 1)
    schedule = zip(poisson(per_s, window.seed), requests, strict=False)
    kept = schedule if long else ((due_s, one) for due_s, one in schedule if class_of(one) == SHORT)
    pool, recording = Pool(HOST, server.port), ClassRecording(class_of)
    await open_loop(pool, kept, Plan(warm_s=window.warm_s, measured_s=window.measured_s), recording)
    pool.close()
    return {name: recording.classes.get(name, Recording()) for name in (SHORT, LONG)}


def class_of(request: Prepared) -> str:
    """Return whether a request of one text is a short or a long one."""
    return SHORT if request.tokens <= SHORT_TOKENS else LONG


def summarize_company(rounds: Sequence[Round], seconds: float) -> CompanyFigures:
    """Return the figures of all rounds."""
    beside = [one.with_long[SHORT].figures(seconds) for one in rounds]
    alone = [one.without[SHORT].figures(seconds) for one in rounds]
    long = [one.with_long[LONG].figures(seconds) for one in rounds]
    allowed = [
        figures.latency_ms["p99"] + RUNS_ALLOWED * one.long_run_ms for figures, one in zip(alone, rounds, strict=True)
    ]
    shares = [one.latency_ms["p99"] / most for one, most in zip(beside, allowed, strict=True)]
    loads = {"with_long": beside, "without": alone}
    return CompanyFigures(
        share_of_capacity=SHARE,
        short_tokens=SHORT_TOKENS,
        capacity_per_s=[one.capacity_per_s for one in rounds],
        arrivals_per_s=[SHARE * one.capacity_per_s for one in rounds],
        short_p99_ms={name: [one.latency_ms["p99"] for one in found] for name, found in loads.items()},
        short_p50_ms={name: [one.latency_ms["p50"] for one in found] for name, found in loads.items()},
        long_p99_ms=[one.latency_ms["p99"] for one in long],
        long_run_ms=[one.long_run_ms for one in rounds],
        allowed_ms=allowed,
        of_allowed=statistics.median(shares),
        errors=dict(sum((Counter(one.errors) for one in (*beside, *alone, *long)), Counter())),
        most_late_ms=[max(a.most_late_ms, b.most_late_ms) for a, b in zip(beside, alone, strict=True)],
    )
