"""The figures of `bench budget`, and their table."""

from collections.abc import Mapping

import msgspec
import numpy as np

from bench.figures.origin import Origin
from bench.figures.outcomes import align

# Beside the worst that is allowed, p99 may be so many times what it is alone.
GOAL = 4.0


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds of one kind of request; `ratio` is that of the p99s, None where none was answered."""

    requests: int
    p50_alone_ms: float | None
    p50_beside_ms: float | None
    p99_alone_ms: float | None
    p99_beside_ms: float | None
    ratio: float | None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One attack: what the client that behaves had of it, what the others were answered, and the server's memory.

    `refused` and `dropped` are of the client that behaves. `back_s` is how long work was left after the attack, at the
    most. `told_mb` is the most memory that the server said at its start that it would take; None where it says nothing.
    """

    clients: int
    waits: dict[str, Wait]
    worst: str
    refused: dict[str, int]
    dropped: int
    others: dict[str, int]
    back_s: float
    peak_mb: float
    told_mb: float | None

    @property
    def ratio(self) -> float | None:
        return self.waits[self.worst].ratio


class BudgetFigures(Origin, frozen=True, kw_only=True):
    """Rows by attack, and whether clients have keys."""

    goal: float
    rows: dict[str, Row]


def wait_of(alone_ms: list[float], beside_ms: list[float]) -> Wait:
    p50_alone, p99_alone = percentiles(alone_ms)
    p50_beside, p99_beside = percentiles(beside_ms)
    ratio = p99_beside / p99_alone if p99_alone is not None and p99_beside is not None else None
    return Wait(
        requests=len(beside_ms),
        p50_alone_ms=p50_alone,
        p50_beside_ms=p50_beside,
        p99_alone_ms=p99_alone,
        p99_beside_ms=p99_beside,
        ratio=ratio,
    )


def percentiles(values: list[float]) -> tuple[float | None, float | None]:
    if not values:
        return None, None
    p50, p99 = np.percentile(values, [50, 99]).tolist()
    return p50, p99


def worst_of(waits: Mapping[str, Wait]) -> str:
    """Return the kind whose p99 grew the most; one that was never answered grew without end."""
    return max(waits, key=lambda kind: waits[kind].ratio or float("inf"))


def render_table(figures: BudgetFigures) -> list[str]:
    head = ["beside", "clients", "worst", "p50 ms", "beside", "p99 ms", "beside", "ratio", "refused", "dropped"]
    rows = [[*head, "back s", "peak MB", "told MB"]]
    for name, row in figures.rows.items():
        wait = row.waits[row.worst]
        ms = (wait.p50_alone_ms, wait.p50_beside_ms, wait.p99_alone_ms, wait.p99_beside_ms, wait.ratio)
        rows.append(
            [
                *(name, str(row.clients), row.worst, *map(_number, ms)),
                *(str(sum(row.refused.values())), str(row.dropped)),
                *(f"{row.back_s:.1f}", f"{row.peak_mb:.0f}", _number(row.told_mb)),
            ]
        )
    slow = [name for name, row in figures.rows.items() if row.ratio is None or row.ratio > figures.goal]
    return [*align(rows), f"more than {figures.goal:g} times: {', '.join(slow) or 'none'}"]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
