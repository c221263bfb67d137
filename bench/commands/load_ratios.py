"""What a server reached of what the graph can do when it is driven directly, round by round."""

import statistics
from collections.abc import Sequence

import msgspec

from bench.graphs.direct import ONE, BareFigures, count_threads
from bench.traffic.driving import LoadResult
from server import Daemon

P50 = "p50"


class RawRounds(msgspec.Struct, frozen=True, kw_only=True):
    """The graph driven directly, a value a round: `texts_per_s` by size of run, a lone text's run in milliseconds.

    `share` is what the generator leaves of the cores to the server. `of_batch1` and `of_best` are served texts/s over
    raw texts/s x share; `p50_over_paused_ms` is the served median over that of a lone run after a pause.
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


class RawRatios(msgspec.Struct, frozen=True):
    """Medians over the rounds; none where the load has no such figure."""

    of_raw_batch1: float | None = None
    of_raw_best: float | None = None
    p50_over_raw_ms: float | None = None


def compare_rounds(bare: Sequence[BareFigures], served: Sequence[LoadResult], daemon: Daemon) -> RawRounds:
    """Compare each round's load with what the graph did right before it."""
    shares = [(daemon.cores - one.usage.generator_cores) / daemon.cores for one in served]
    rows = list(zip(bare, served, shares, strict=True))
    return RawRounds(
        variant=daemon.chosen.variant.name,
        threads=count_threads(daemon),
        texts_per_s={size: [one.texts_per_s[size] for one in bare] for size in bare[0].texts_per_s},
        paused_ms=[one.paused_ms for one in bare],
        in_a_row_ms=[one.in_a_row_ms for one in bare],
        share=shares,
        of_batch1=[load.figures.texts_per_s / (raw.texts_per_s[ONE] * share) for raw, load, share in rows],
        of_best=[load.figures.texts_per_s / (raw.best_texts_per_s * share) for raw, load, share in rows],
        p50_over_paused_ms=[load.figures.latency_ms[P50] - raw.paused_ms for raw, load, _ in rows],
    )


def summarize_rounds(raw: RawRounds, *, one_connection: bool) -> RawRatios:
    """Return the medians; the latency of a load of one connection alone is comparable with a lone run."""
    return RawRatios(
        of_raw_batch1=statistics.median(raw.of_batch1),
        of_raw_best=statistics.median(raw.of_best),
        p50_over_raw_ms=statistics.median(raw.p50_over_paused_ms) if one_connection else None,
    )


def raw_rows(raw: RawRounds, ratios: RawRatios) -> list[tuple[str, str, str, str]]:
    """Return the lines of a table, of a name and three cells each."""
    medians = {size: statistics.median(rounds) for size, rounds in raw.texts_per_s.items()}
    best = max(medians, key=lambda size: medians[size])
    share, paused, in_a_row = (statistics.median(rounds) for rounds in (raw.share, raw.paused_ms, raw.in_a_row_ms))
    rows = [
        (f"raw texts/s: {ONE} a run, {best}", f"{medians[ONE]:.0f}", f"{medians[best]:.0f}", ""),
        ("share of the cores left by the generator", f"{share:.3f}", "", ""),
        ("served of raw x share: at one text, at best", f"{ratios.of_raw_batch1:.3f}", f"{ratios.of_raw_best:.3f}", ""),
        ("raw ms of a text: after a pause, in a row", f"{paused:.2f}", f"{in_a_row:.2f}", ""),
    ]
    if ratios.p50_over_raw_ms is not None:
        rows.append(("p50 over raw after a pause, ms", f"{ratios.p50_over_raw_ms:.2f}", "", ""))
    return rows
