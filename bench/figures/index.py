"""The figures of `bench index`, and their table."""

import msgspec

from bench.figures.origin import Origin
from bench.figures.outcomes import align


class Milliseconds(msgspec.Struct, frozen=True):
    """Of searches made one after the other: each percentile is that of its own best round."""

    p50: float
    p99: float


class Filtered(msgspec.Struct, frozen=True):
    """Under a filter: recall of the 10 nearest that it leaves, and milliseconds."""

    recall_at_10: float
    p50_ms: float
    p99_ms: float


class SizeFigures(msgspec.Struct, frozen=True):
    """What a collection of one size costs. `memory_mb` is what its rows and its view report.

    Documents a second: `written_per_s` until the last was acknowledged, `viewed_per_s` until all were in the view.
    Searches are made once the collection has found out how wide they must be, `settled_s` after that. The fields with
    defaults are not in every file.
    """

    recall_at_10: float
    search_ms: Milliseconds
    written_per_s: float
    viewed_per_s: float
    memory_mb: float
    database_mb: float
    settled_s: float | None = None
    width: int | None = None
    filtered: dict[str, Filtered] = {}
    hybrid_ms: Milliseconds | None = None
    text_ms: Milliseconds | None = None


class IndexFigures(Origin, frozen=True, kw_only=True):
    """The figures of a collection of `documents`; `sizes` has those of every size.

    `restart_s` is from opening the folder to the first answer, `restart_graph_s` until the graph is there, `rss_mb` the
    memory of a process that has the model and the documents, `rss_mb_model` that of the same process before it opened
    them: each the least over the rounds.
    """

    documents: int
    queries: int
    recall_at_10: float
    search_ms: Milliseconds
    filtered: dict[str, Filtered]
    hybrid_ms: Milliseconds
    text_ms: Milliseconds
    ingest_search_ms: Milliseconds
    ingest_beside_searches_per_s: float
    restart_s: float
    restart_graph_s: float | None = None
    restart_pending: int
    rss_mb: float
    rss_mb_model: float
    sizes: dict[str, SizeFigures]


class AlikeFigures(msgspec.Struct, frozen=True):
    """Searches where some rows are alike. The graph has `nodes`; `exact`: it was found wanting, and left aside."""

    recall_at_10: float
    missed_share: float
    p50_ms: float
    p99_ms: float
    viewed_per_s: float
    nodes: int
    unreached: int
    width: int
    exact: bool


class AlikeIndexFigures(Origin, frozen=True, kw_only=True):
    """The figures of a collection of `documents`, by the share of the rows that are alike and in which way."""

    documents: int
    queries: int
    alike: dict[str, AlikeFigures]


def render_alike(figures: AlikeIndexFigures) -> list[str]:
    rows = [("alike", "recall@10", "p50 ms", "p99 ms", "viewed/s", "nodes", "unreached", "width", "exact")]
    rows += [
        (
            name,
            f"{one.recall_at_10:.4f}",
            f"{one.p50_ms:.2f}",
            f"{one.p99_ms:.2f}",
            f"{one.viewed_per_s:,.0f}",
            f"{one.nodes:,}",
            f"{one.unreached:,}",
            str(one.width),
            "yes" if one.exact else "no",
        )
        for name, one in figures.alike.items()
    ]
    return align(rows)


def render_table(figures: IndexFigures) -> list[str]:
    searches = [
        ("", "recall@10", "p50 ms", "p99 ms"),
        ("by vector", f"{figures.recall_at_10:.4f}", *_ms(figures.search_ms)),
        *(
            (f"filter that leaves {share}", f"{one.recall_at_10:.4f}", f"{one.p50_ms:.2f}", f"{one.p99_ms:.2f}")
            for share, one in figures.filtered.items()
        ),
        ("by words", "", *_ms(figures.text_ms)),
        ("by words and vector", "", *_ms(figures.hybrid_ms)),
        ("by vector, beside an ingest", "", *_ms(figures.ingest_search_ms)),
    ]
    sizes = [
        ("documents", "recall@10", "p50 ms", "p99 ms", "written/s", "viewed/s", "memory MB", "database MB", "width")
    ]
    for count, one in figures.sizes.items():
        rates = (
            f"{one.written_per_s:,.0f}",
            f"{one.viewed_per_s:,.0f}",
            f"{one.memory_mb:.0f}",
            f"{one.database_mb:.0f}",
            "" if one.width is None else str(one.width),
        )
        sizes.append((count, f"{one.recall_at_10:.4f}", *_ms(one.search_ms), *rates))
    return [
        *align(searches),
        *align(sizes),
        f"beside searches {figures.ingest_beside_searches_per_s:,.0f} documents/s were written",
        f"a start takes {figures.restart_s:.2f} s{_graph(figures)}; {figures.rss_mb:.0f} MB with the model, "
        f"of which {figures.rss_mb_model:.0f} MB without the documents",
    ]


def _graph(figures: IndexFigures) -> str:
    return "" if figures.restart_graph_s is None else f", {figures.restart_graph_s:.2f} s until the graph is there"


def _ms(found: Milliseconds) -> tuple[str, str]:
    return f"{found.p50:.2f}", f"{found.p99:.2f}"
