"""What a server reached of what the graph can do when it is driven directly, round by round."""

import statistics
from collections.abc import Sequence

from bench.artifacts import LoadedModel
from bench.figures.load import ONE_TEXT, DirectRatios, DirectRounds, LoadResult
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
