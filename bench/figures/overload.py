"""The figures of `bench overload`, and their table."""

import msgspec

from bench.figures.origin import Origin
from bench.figures.outcomes import align


class RetryAfter(msgspec.Struct, frozen=True, kw_only=True):
    """Refusals, how many of them carried Retry-After with whole seconds, and those seconds."""

    refused: int
    with_header: int
    least_s: int | None
    median_s: float | None
    most_s: int | None


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that were due in the measured time and answered with 200; latencies from the moment they were due.

    `texts_per_s` counts what was answered within the measured time, whenever it was due: a queue that fills up or is
    emptied after the end must not count as speed.
    """

    requests: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    after_deadline: int
    texts_per_s: float


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


def render_table(figures: OverloadFigures) -> list[str]:
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
