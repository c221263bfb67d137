"""The page's part on one client that behaves beside many that do the worst that the limits allow."""

from bench.figures.budget import BudgetFigures, Row
from bench.report.markdown import number, table

HEAD = ["beside", "clients", "embed", "write", "read", "search", "refused", "dropped", "peak MB", "told MB"]


def render_budget(result: BudgetFigures) -> list[str]:
    """Return one file's tables."""
    kinds = HEAD[2:6]
    waits = [
        [
            *(name, f"{row.clients:,}"),
            *(_ratio(row.waits[kind].ratio) for kind in kinds),
            *(str(sum(row.refused.values())), str(row.dropped), number(row.peak_mb), number(row.told_mb)),
        ]
        for name, row in result.rows.items()
    ]
    times = [_worst(name, row) for name, row in result.rows.items()]
    return [
        f"By how much the p99 of what one client asks grows beside others; {result.goal:g} times is the goal. Peak",
        "is the most memory that the server took, told what it said at its start that it would take at most.",
        "",
        *table(HEAD, waits),
        "The worst of each, in milliseconds; requests are those beside the others:",
        "",
        *table(["beside", "p50 alone", "p50", "p99 alone", "p99", "requests"], times),
    ]


def _worst(name: str, row: Row) -> list[str]:
    wait = row.waits[row.worst]
    times = (wait.p50_alone_ms, wait.p50_beside_ms, wait.p99_alone_ms, wait.p99_beside_ms)
    return [f"{name}: {row.worst}", *map(number, times), str(wait.requests)]


def _ratio(ratio: float | None) -> str:
    return "never answered" if ratio is None else f"{ratio:.1f}"
