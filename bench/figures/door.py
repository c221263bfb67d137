"""The figures of `bench door`, and their table."""

import statistics

from msgspec import field

from bench.figures.goal import Goal
from bench.figures.origin import Origin
from bench.figures.outcomes import align
from bench.figures.peer_rows import RowFigures
from bench.figures.spread import Spread, ratios, relative, spread

# vecd with keys and limits, vecd without, and an application of one answer.
GUARDED, OPEN, RAW = "vecd-guarded", "vecd-open", "raw-asgi"


class DoorFigures(Origin, frozen=True, kw_only=True):
    """Figures by server, and by dialect of the server with keys and limits."""

    doors: dict[str, RowFigures]
    dialects: dict[str, RowFigures] = field(default_factory=dict)
    goals: dict[str, Goal] = field(default_factory=dict)
    connections: int


def render_table(figures: DoorFigures) -> list[str]:
    head = ("", "requests/s", "a core-s", "of", "p50 ms", "p99 ms", "errors", "cores: server", "generator")
    doors = [_cells(name, row, figures.doors[RAW]) for name, row in figures.doors.items()]
    dialects = [_cells(name, row, figures.doors[GUARDED]) for name, row in figures.dialects.items()]
    goals = [
        f"{name}: {goal.value or 0:,.0f} of {goal.goal:,.0f}, {'met' if goal.met else 'missed'}"
        for name, goal in figures.goals.items()
    ]
    return [
        *align([head, *doors, *dialects]),
        "a core-s: requests in a second of the server's own processor time; by round, the median",
        f"of: of {RAW}'s requests a core-second, and of {GUARDED}'s for a dialect",
        *goals,
    ]


def _cells(name: str, row: RowFigures, other: RowFigures) -> tuple[str, ...]:
    per_core = ratios(row.requests_per_s, row.server_cores)
    others = ratios(other.requests_per_s, other.server_cores)
    return (
        name,
        f"{statistics.median(row.requests_per_s):,.0f}",
        _median(spread(per_core), ",.0f"),
        _median(relative(per_core, others), ".2f"),
        f"{statistics.median(row.p50_ms):.2f}",
        f"{statistics.median(row.p99_ms):.2f}",
        str(sum(row.errors)),
        f"{statistics.median(row.server_cores):.2f}",
        f"{statistics.median(row.generator_cores):.2f}",
    )


def _median(figure: Spread | None, form: str) -> str:
    return "-" if figure is None else format(figure.median, form)
