"""What long texts cost the short ones beside them: p99 of the short ones with and without the long, at the same times.

In: a running server, and its own session in this process. Out: for each round the capacity, both p99s at a share of it,
and the time of a run of the longest text on one core. A text can hardly wait less than for the run that is under way:
allowed is the p99 without long texts, and two such runs.
"""

import statistics
from collections import Counter
from collections.abc import Sequence

import msgspec

from bench.figures.load import Load
from bench.figures.mixed import CompanyFigures
from bench.graphs.timing import prepare_call, time_call
from bench.machine import one_core
from bench.traffic.connection import Pool
from bench.traffic.driving import drive
from bench.traffic.loops import Plan, open_loop
from bench.traffic.recording import ClassRecording, Recording
from bench.traffic.requests import Prepared, prepare_requests
from bench.traffic.target import HOST, Running
from bench.workload.arrivals import poisson
from bench.workload.texts import stream_texts
from bench.workload.traces import LONGEST_TOKENS, SHORT_TOKENS
from server.engine.sessions import Session

SHARE = 0.7  # of capacity: a server that is well used but not overrun
CONNECTIONS = 16  # of the closed loop that finds the capacity
RUNS_ALLOWED = 2
REPEATS = 9
SHORT, LONG = "short", "long"


class Window(msgspec.Struct, frozen=True):
    """How long each load is warmed up and measured, and the seed of the texts and their arrivals."""

    warm_s: float
    measured_s: float
    seed: int


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """The recordings of a round, by class of text; `without` is sent the short texts alone, at the same times."""

    capacity_per_s: float
    with_long: dict[str, Recording]
    without: dict[str, Recording]
    long_run_ms: float


async def measure_round(server: Running, session: Session, window: Window) -> Round:
    """Find the capacity, then load a share of it with and without the long texts."""
    load = Load(
        profile="mixed",
        connections=CONNECTIONS,
        warm_s=window.warm_s,
        measured_s=window.measured_s / 2,
        seed=window.seed,
    )
    capacity = (await drive(server, load)).figures.requests_per_s
    with one_core():
        run_s = time_call(prepare_call(session, [list(range(1, LONGEST_TOKENS + 1))]), REPEATS)
    per_s = max(1.0, SHARE * capacity)
    # The order changes from round to round, so that neither load always follows the other.
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
