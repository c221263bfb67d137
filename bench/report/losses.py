"""What vecd loses: every row and measure where another server, or another graph, is better than vecd's.

In: raw results. Out: one Loss for each, the greatest first within a measure. Cores are not a measure here: a server
that does less uses fewer of them.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from bench.figures.kernels import KernelFigures
from bench.figures.peer_rows import OURS, RowFigures
from bench.figures.peers import PeerFigures, PeersFigures
from bench.figures.spread import Spread, relative, spread
from bench.report.markdown import cosine, noisy, number, yes_no

Figures = Mapping[str, Mapping[str, float]]  # by graph, or pair of graphs, then by shape


class Measure(msgspec.Struct, frozen=True):
    """A field of a raw file, what the page calls it, and which way is better."""

    field: str
    title: str
    more_is_better: bool


LOAD_MEASURES = (
    Measure("requests_per_s", "requests/s", more_is_better=True),
    Measure("texts_per_s", "texts/s", more_is_better=True),
    Measure("tokens_per_s", "tokens/s", more_is_better=True),
    Measure("p50_ms", "p50 ms", more_is_better=False),
    Measure("p99_ms", "p99 ms", more_is_better=False),
    Measure("p999_ms", "p99.9 ms", more_is_better=False),
    Measure("errors", "errors", more_is_better=False),
    Measure("rss_mb", "memory MB", more_is_better=False),
)
COLD_START = Measure("cold_start_s", "cold start s", more_is_better=False)
COSINES = (
    Measure("cosine_mean", "cosine to fp32, mean", more_is_better=True),
    Measure("cosine_min", "cosine to fp32, least", more_is_better=True),
    Measure("batch_cosine_min", "cosine of alone and batched, least", more_is_better=True),
)


class Loss(msgspec.Struct, frozen=True):
    """What is better than vecd, where, and by how many times; None where the better figure is 0, or not a number."""

    row: str
    measure: str
    ours: str
    winner: str
    theirs: str
    ratio: Spread | None


def peer_losses(result: PeersFigures) -> Iterator[Loss]:
    """Yield where a server is better than vecd, by the medians over the rounds."""
    for row, loads in result.rows.items():
        ours = loads.get(OURS)
        if ours is None:
            continue
        for measure in LOAD_MEASURES:
            yield from _by_ratio(_round_losses(row, measure, ours, {n: v for n, v in loads.items() if n != OURS}))
    vecd = result.peers.get(OURS)
    if vecd is not None:
        others = {name: peer for name, peer in result.peers.items() if name != OURS and peer.skipped is None}
        yield from _by_ratio(_round_losses("start", COLD_START, vecd, others))
        for measure in COSINES:
            yield from _cosine_losses(measure, vecd, others)
        if vecd.batch_bits_equal is False:
            for name in (name for name, peer in others.items() if peer.batch_bits_equal):
                yield Loss("any", "same bits in any batch", yes_no(False), name, yes_no(True), None)


def kernel_losses(result: KernelFigures) -> Iterator[Loss]:
    """Yield where one of vecd's graphs is slower than a graph that is not vecd's, on one core, then on all."""
    yield from _slower("", result.ratios, result.noise, result.ms)
    yield from _slower(", all cores", result.ratios_all_cores, result.noise_all_cores, result.ms_all_cores)


def _slower(where: str, ratios: Figures, noise: Figures, ms: Figures) -> Iterator[Loss]:
    for pair, found in ratios.items():
        first, _, second = pair.partition("/")
        if not first.startswith(OURS) or second.startswith(OURS):
            continue
        for shape, ratio in found.items():
            if ratio < 1:
                ours, theirs = (number(ms.get(graph, {}).get(shape)) for graph in (first, second))
                times = Spread(1 / ratio, noise[pair][shape] / 2 / ratio**2)
                yield Loss(f"{shape}{where}", f"ms of {first}", ours, second, theirs, times)


def is_within_noise(loss: Loss) -> bool:
    """Tell whether 1, no difference, is inside the ratio's noise."""
    return loss.ratio is not None and loss.ratio.median - loss.ratio.noise <= 1


def _round_losses(
    row: str, measure: Measure, ours: RowFigures | PeerFigures, others: dict[str, RowFigures] | dict[str, PeerFigures]
) -> Iterator[Loss]:
    our_rounds: Sequence[float | None] = getattr(ours, measure.field)
    our_spread = spread(our_rounds)
    for name, other in others.items():
        rounds: Sequence[float | None] = getattr(other, measure.field)
        their_spread = spread(rounds)
        if our_spread is None or their_spread is None:
            continue
        gain = their_spread.median - our_spread.median
        if (gain if measure.more_is_better else -gain) > 0:
            ratio = relative(rounds, our_rounds) if measure.more_is_better else relative(our_rounds, rounds)
            yield Loss(row, measure.title, noisy(our_spread), name, noisy(their_spread), ratio)


def _cosine_losses(measure: Measure, ours: PeerFigures, others: dict[str, PeerFigures]) -> Iterator[Loss]:
    our_value: float | None = getattr(ours, measure.field)
    for name, other in others.items():
        value: float | None = getattr(other, measure.field)
        if our_value is not None and value is not None and value > our_value:
            yield Loss("any", measure.title, cosine(our_value), name, cosine(value), Spread(value / our_value, 0.0))


def _by_ratio(losses: Iterator[Loss]) -> list[Loss]:
    return sorted(losses, key=lambda loss: -loss.ratio.median if loss.ratio else 0.0)
