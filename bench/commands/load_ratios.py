"""What a server reached of what the graph can do, driven directly or behind the bare loop, round by round."""

import statistics
from collections.abc import Sequence
from typing import Any

from bench.artifacts import LoadedModel
from bench.errors import BenchError
from bench.figures.bare import BareRounds
from bench.figures.goals import judge_bare
from bench.figures.load import ONE_TEXT, DirectRatios, DirectRounds, Load, LoadResult
from bench.graphs.direct import DirectFigures

P50 = "p50"


def compare_rounds(direct: Sequence[DirectFigures], served: Sequence[LoadResult], model: LoadedModel) -> DirectRounds:
    """Compare each round's load with what the graph did right before it."""
    shares = [(model.cores - load.usage.generator_cores) / model.cores for load in served]
    rows = list(zip(direct, served, shares, strict=True))
    return DirectRounds(
        variant=model.variant.name,
        threads=model.threads,
        texts_per_s={size: [one.texts_per_s[size] for one in direct] for size in direct[0].texts_per_s},
        paused_ms=[one.paused_ms for one in direct],
        in_a_row_ms=[one.in_a_row_ms for one in direct],
        share=shares,
        of_batch1=[load.figures.texts_per_s / (one.texts_per_s[ONE_TEXT] * share) for one, load, share in rows],
        of_best=[load.figures.texts_per_s / (one.best_texts_per_s * share) for one, load, share in rows],
        p50_over_paused_ms=[load.figures.latency_ms[P50] - one.paused_ms for one, load, _ in rows],
    )


def summarize_rounds(rounds: DirectRounds, *, one_connection: bool) -> DirectRatios:
    """Return the medians; only the latency of a load of one connection is comparable with a single run."""
    return DirectRatios(
        of_raw_batch1=statistics.median(rounds.of_batch1),
        of_raw_best=statistics.median(rounds.of_best),
        p50_over_raw_ms=statistics.median(rounds.p50_over_paused_ms) if one_connection else None,
    )


def compare_bare(bare: Sequence[LoadResult], served: Sequence[LoadResult], threads: int) -> BareRounds:
    """Compare each round's load with the same load on the bare loop right before it.

    Raises:
        BenchError: the bare loop answered nothing in a round.
    """
    if not all(one.figures.requests for one in bare):
        message = "the bare loop answered no request; its log is beside the servers' own"
        raise BenchError(message)
    pairs = [(one.figures, load.figures) for one, load in zip(bare, served, strict=True)]
    return BareRounds(
        threads=threads,
        requests_per_s=[one.requests_per_s for one, _ in pairs],
        p50_ms=[one.latency_ms[P50] for one, _ in pairs],
        errors=[sum((*one.errors.values(), *load.errors.values())) for one, load in pairs],
        requests_per_s_of_bare=[load.requests_per_s / one.requests_per_s for one, load in pairs],
        p50_of_bare=[load.latency_ms[P50] / one.latency_ms[P50] for one, load in pairs],
    )


def summarize_bare(rounds: BareRounds, load: Load) -> dict[str, Any]:
    """Return the fields of a report: the medians, and the goals of a load of single short texts."""
    per_s, p50 = statistics.median(rounds.requests_per_s_of_bare), statistics.median(rounds.p50_of_bare)
    single = (load.profile, load.texts_per_request, load.duplicates) == ("short", 1, 0)
    goals = judge_bare(load.connections, per_s, p50, errors=any(rounds.errors)) if single else {}
    return {"requests_per_s_of_bare": per_s, "p50_of_bare": p50, "goals": goals}
