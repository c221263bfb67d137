"""The figures of `bench passages`, and their table."""

import msgspec

from bench.figures.index import Milliseconds
from bench.figures.origin import Origin
from bench.figures.outcomes import align


class Cost(msgspec.Struct, frozen=True):
    """Of a collection: recall of the 10 and 100 nearest documents, milliseconds, bytes.

    `memory_bytes` are those of the rows and the graph, for each document; those on the disk are the database's.
    """

    recall_at_10: float
    recall_at_100: float
    search_ms: Milliseconds
    hundred_ms: Milliseconds
    written_per_s: float
    viewed_per_s: float
    memory_bytes: float
    database_bytes: float


class PassagesFigures(Origin, frozen=True, kw_only=True):
    """As many documents of one passage as of several, searched in turns; `p50_ratio` of several to one."""

    documents: int
    passages: int
    queries: int
    one: Cost
    several: Cost
    p50_ratio: float
    hundred_p50_ratio: float


def render_table(figures: PassagesFigures) -> list[str]:
    rows = [
        (
            "passages",
            "recall@10",
            "recall@100",
            "p50 ms",
            "p99 ms",
            "p50 ms of 100",
            "written/s",
            "viewed/s",
            "bytes in memory",
            "on the disk",
        )
    ]
    for name, one in (("1", figures.one), (str(figures.passages), figures.several)):
        rows.append(
            (
                name,
                f"{one.recall_at_10:.4f}",
                f"{one.recall_at_100:.4f}",
                f"{one.search_ms.p50:.2f}",
                f"{one.search_ms.p99:.2f}",
                f"{one.hundred_ms.p50:.2f}",
                f"{one.written_per_s:,.0f}",
                f"{one.viewed_per_s:,.0f}",
                f"{one.memory_bytes:,.0f}",
                f"{one.database_bytes:,.0f}",
            )
        )
    ratios = f"{figures.p50_ratio:.2f} times the p50 of one passage, {figures.hundred_p50_ratio:.2f} of a hundred hits"
    return [*align(rows), ratios]
