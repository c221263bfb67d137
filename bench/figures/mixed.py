"""The figures of `bench mixed`, and their table."""

import statistics
from collections.abc import Sequence

import msgspec

from bench.figures.origin import Origin
from bench.figures.outcomes import align


class PaddingFigures(msgspec.Struct, frozen=True, kw_only=True):
    """By method: the texts' own tokens per second of every round, and the share of padding among those computed.

    `ratios` are speeds: above 1, vecd is faster; `noise` is each one's interquartile range.
    """

    texts: int
    tokens: int
    threads: int
    tokens_per_s: dict[str, list[float]]
    padding_share: dict[str, float]
    ratios: dict[str, float]
    noise: dict[str, float]


class CompanyFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Short texts over HTTP, with long ones beside them and without; a value a round.

    `allowed_ms` is the p99 without long texts and two runs of the longest. `of_allowed` is the median of the p99 with
    long texts over what is allowed. `most_late_ms` is how far the generator fell behind.
    """

    share_of_capacity: float
    short_tokens: int
    capacity_per_s: list[float]
    arrivals_per_s: list[float]
    short_p99_ms: dict[str, list[float]]
    short_p50_ms: dict[str, list[float]]
    long_p99_ms: list[float]
    long_run_ms: list[float]
    allowed_ms: list[float]
    of_allowed: float
    errors: dict[str, int]
    most_late_ms: list[float]


class MixedFigures(Origin, frozen=True, kw_only=True):
    """`padding` is in-process and saturated, `company` over HTTP at a share of the capacity."""

    variant: str
    padding: PaddingFigures
    company: CompanyFigures


def render_table(figures: MixedFigures) -> list[str]:
    return [*_padding_table(figures), *_company_table(figures)]


def _padding_table(figures: MixedFigures) -> list[str]:
    padding = figures.padding
    rows = [(f"texts to rows, median of {figures.rounds}", "tokens/s", "padding")]
    for name, speeds in padding.tokens_per_s.items():
        rows.append((name, _median(speeds, 0), f"{padding.padding_share[name]:.1%}"))
    ratios = [f"{pair}: {ratio:.2f} ± {padding.noise[pair] / 2:.2f}" for pair, ratio in padding.ratios.items()]
    return [*align(rows), *ratios]


def _company_table(figures: MixedFigures) -> list[str]:
    company = figures.company
    share = f"{company.share_of_capacity:.0%} of the capacity of {_median(company.capacity_per_s, 0)} texts/s"
    rows = [
        (f"short texts at {share}, median of {figures.rounds}", "p50 ms", "p99 ms"),
        *(
            (name.replace("_", " "), _median(company.short_p50_ms[name], 2), _median(p99, 2))
            for name, p99 in company.short_p99_ms.items()
        ),
        (f"allowed: without, and two runs of {_median(company.long_run_ms, 2)} ms", "", _median(company.allowed_ms, 2)),
    ]
    errors = f"errors: {company.errors or 'none'}; sent at most {max(company.most_late_ms):.1f} ms late"
    return [*align(rows), f"p99 with long over allowed: {company.of_allowed:.2f}", errors]


def _median(rounds: Sequence[float], decimals: int) -> str:
    return f"{statistics.median(rounds):.{decimals}f}"
