"""The rows of `bench peers`: the loads that each server meets, and their figures, one value a round."""

import statistics
from collections.abc import Mapping

import msgspec

from bench.figures.load import LoadResult
from bench.figures.outcomes import align
from bench.workload.texts import Profile


class Row(msgspec.Struct, frozen=True):
    """One load. With a share the loop is open, at that share of the capacity that the server has shown."""

    name: str
    profile: Profile
    texts: int = 1
    connections: int = 16
    share: float = 0.0


OURS = "vecd"
CAPACITY = Row("1 text, 16 connections", "short")
ROWS = (
    Row("1 text, 1 connection", "short", connections=1),
    CAPACITY,
    Row("32 texts, 16 connections", "short", texts=32),
    Row("mixed, 16 connections", "mixed"),
    Row("open loop, 50%", "short", share=0.5),
    Row("open loop, 80%", "short", share=0.8),
)


class RowFigures(msgspec.Struct):
    """Lists with one value a round."""

    requests_per_s: list[float] = []
    texts_per_s: list[float] = []
    tokens_per_s: list[float] = []
    p50_ms: list[float] = []
    p99_ms: list[float] = []
    p999_ms: list[float] = []
    errors: list[int] = []
    rss_mb: list[float] = []
    server_cores: list[float] = []
    generator_cores: list[float] = []

    def add(self, result: LoadResult) -> None:
        figures, usage = result.figures, result.usage
        self.requests_per_s.append(figures.requests_per_s)
        self.texts_per_s.append(figures.texts_per_s)
        self.tokens_per_s.append(figures.tokens_per_s)
        self.p50_ms.append(figures.latency_ms["p50"])
        self.p99_ms.append(figures.latency_ms["p99"])
        self.p999_ms.append(figures.latency_ms["p99.9"])
        self.errors.append(sum(figures.errors.values()))
        self.rss_mb.append(usage.rss_mb)
        self.server_cores.append(usage.server_cores)
        self.generator_cores.append(usage.generator_cores)


def table(rows: Mapping[str, Mapping[str, RowFigures]], skipped: Mapping[str, str | None]) -> list[str]:
    """Return throughput in texts a second and p99 for each server and row, medians over the rounds."""
    cells = [("texts/s, p99 ms", *rows)]
    for name in skipped:
        found = [by_name.get(name) for by_name in rows.values()]
        cells.append((name, *(_cell(figures) for figures in found)))
    lines = align(cells)
    return lines + [f"{name}: {reason}" for name, reason in skipped.items() if reason]


def _cell(figures: RowFigures | None) -> str:
    if figures is None or not figures.texts_per_s:
        return "-"
    return f"{statistics.median(figures.texts_per_s):.0f}, {statistics.median(figures.p99_ms):.1f}"
