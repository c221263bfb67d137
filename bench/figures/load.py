"""The figures of one load on one server, and of `bench load`."""

import statistics

import msgspec

from bench.figures.bare import BARE, BareRounds
from bench.figures.goal import Goal
from bench.figures.origin import Origin
from bench.figures.outcomes import align
from bench.workload.texts import Profile

ONE_TEXT = "one text"  # the size of a run that holds one text


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent. With `per_s` the loop is open, at that many requests a second; else it is closed."""

    profile: Profile
    texts_per_request: int = 1
    connections: int = 16
    per_s: float | None = None
    warm_s: float = 1.0
    measured_s: float = 10.0
    duplicates: float = 0.0
    seed: int


class LoadFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Latencies are in milliseconds and of answered requests only; rates are over the measured seconds.

    `most_late_ms` is how far the generator fell behind: the longest that a request was sent after it was due.
    """

    seconds: float
    requests: int
    errors: dict[str, int]
    requests_per_s: float
    texts_per_s: float
    tokens_per_s: float
    latency_ms: dict[str, float]
    most_late_ms: float


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Over one load: memory at its end, and the cores that server and generator kept busy on average."""

    rss_mb: float
    server_cores: float
    generator_cores: float


class LoadResult(msgspec.Struct, frozen=True):
    figures: LoadFigures
    usage: Usage


class DirectRounds(msgspec.Struct, frozen=True, kw_only=True):
    """The graph driven directly, a value a round: `texts_per_s` by size of run, and the milliseconds of a single text.

    `share` is what the generator leaves of the cores to the server. `of_batch1` and `of_best` are served texts/s over
    direct texts/s x share; `p50_over_paused_ms` is the served median minus that of a single run after a pause.
    """

    variant: str
    threads: int
    texts_per_s: dict[str, list[float]]
    paused_ms: list[float]
    in_a_row_ms: list[float]
    share: list[float]
    of_batch1: list[float]
    of_best: list[float]
    p50_over_paused_ms: list[float]


class DirectRatios(msgspec.Struct, frozen=True):
    """Medians over the rounds; None where the load has no such figure."""

    of_raw_batch1: float | None = None
    of_raw_best: float | None = None
    p50_over_raw_ms: float | None = None


class LoadReport(Origin, frozen=True, kw_only=True):
    """The load, and what it showed and used in the round of median throughput.

    `of_raw_batch1`, `of_raw_best`: served texts/s over those of the graph driven directly on the cores that the
    generator leaves, at one text a run and at its best size of run. `p50_over_raw_ms`: what the served median latency
    of one connection adds to a single run. `requests_per_s_of_bare`, `p50_of_bare`: served over those of the bare loop
    right before. Each is the median over the rounds.
    """

    server: str
    dialect: str
    load: Load
    result: LoadResult
    rounds_texts_per_s: list[float]
    rounds_p50_ms: list[float]
    rounds_errors: list[int]
    of_raw_batch1: float | None
    of_raw_best: float | None
    p50_over_raw_ms: float | None
    raw: DirectRounds | None
    requests_per_s_of_bare: float | None = None
    p50_of_bare: float | None = None
    bare: BareRounds | None = None
    goals: dict[str, Goal] = msgspec.field(default_factory=dict)
    cold_start_s: float | None


def render_table(report: LoadReport) -> list[str]:
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
        ratios = DirectRatios(report.of_raw_batch1, report.of_raw_best, report.p50_over_raw_ms)
        rows += direct_rows(report.raw, ratios)
    if report.bare is not None:
        rows += bare_rows(report.bare)
    others = f"errors in each: {', '.join(map(str, report.rounds_errors))}"
    goals = [
        f"{name}: {goal.value or 0:.2f} of {goal.goal:.2f}, {'met' if goal.met else 'missed'}"
        for name, goal in report.goals.items()
    ]
    return [*align(rows), f"the round of median throughput, of {report.rounds}; {others}", *goals]


def direct_rows(direct: DirectRounds, ratios: DirectRatios) -> list[tuple[str, str, str, str]]:
    """Return rows of a name and three cells each."""
    medians = {size: statistics.median(rounds) for size, rounds in direct.texts_per_s.items()}
    best = max(medians, key=lambda size: medians[size])
    share, paused, in_a_row = map(statistics.median, (direct.share, direct.paused_ms, direct.in_a_row_ms))
    of_batch1, of_best = f"{ratios.of_raw_batch1:.3f}", f"{ratios.of_raw_best:.3f}"
    rows = [
        (f"direct texts/s: {ONE_TEXT} a run, {best}", f"{medians[ONE_TEXT]:.0f}", f"{medians[best]:.0f}", ""),
        ("share of the cores that the generator leaves", f"{share:.3f}", "", ""),
        ("served of direct x share: at one text, at best", of_batch1, of_best, ""),
        ("direct ms of a text: after a pause, in a row", f"{paused:.2f}", f"{in_a_row:.2f}", ""),
    ]
    if ratios.p50_over_raw_ms is not None:
        rows.append(("p50 over direct after a pause, ms", f"{ratios.p50_over_raw_ms:.2f}", "", ""))
    return rows


def bare_rows(bare: BareRounds) -> list[tuple[str, str, str, str]]:
    """Return rows of a name and three cells each."""
    per_s, p50, per_s_of, p50_of = map(
        statistics.median, (bare.requests_per_s, bare.p50_ms, bare.requests_per_s_of_bare, bare.p50_of_bare)
    )
    return [
        (f"{BARE}: requests/s, p50 ms, errors", f"{per_s:.0f}", f"{p50:.2f}", str(sum(bare.errors))),
        (f"served of the {BARE}: requests/s, p50", f"{per_s_of:.3f}", f"{p50_of:.3f}", ""),
    ]
