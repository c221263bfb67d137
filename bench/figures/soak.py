"""The figures of `bench soak`, and their table."""

from bench.figures.origin import Origin
from bench.figures.outcomes import align

MOMENTS = ("start", "after_a_minute", "most", "end")


class SoakFigures(Origin, frozen=True, kw_only=True):
    """`unexpected` counts what docs/api.md does not promise; `steps` what was sent, by kind, `statuses` what came.

    `vitals` are the server's memory, threads and open files: at the start, a minute after it (a quarter of a shorter
    run), at the most, and in the end, when no request is under way. `rss_growth_share` is from that minute to the end.
    `gauges` are None where the server has none.
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


def render_table(figures: SoakFigures) -> list[str]:
    rows = [[f"over {figures.minutes:g} minutes", *(moment.replace("_", " ") for moment in MOMENTS)]]
    for name, values in figures.vitals.items():
        rows.append([name, *(f"{values[moment]:.0f}" for moment in MOMENTS)])
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
