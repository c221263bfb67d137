"""The figures of `bench scale`, and their table."""

import msgspec

from bench.figures.origin import Origin
from bench.figures.outcomes import align

Figures = dict[str, dict[str, float]]


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """`tokens_per_run`: tokens per second of one thread's processor time, by tokens in each text, then in the run.

    `lone_text_ms`: of a run of one text, by threads (one, all), then its tokens. `side_by_side`: tokens/s of all
    together, by one-thread runs at once; `all-cores-run` is one run at a time on all cores.
    """

    tokens_per_run: Figures
    lone_text_ms: Figures
    side_by_side: dict[str, float]


class ScaleFigures(Origin, frozen=True, kw_only=True):
    """Growth's figures as medians over the rounds; `best` holds each one's best round, the least disturbed one."""

    tokens_per_run: Figures
    lone_text_ms: Figures
    side_by_side: dict[str, float]
    variant: str
    best: Growth


def render_table(medians: Growth, best: Growth, rounds: int) -> list[str]:
    return [
        *(f"median of {rounds}: {line}" for line in _growth_table(medians)),
        *(f"best of {rounds}:   {line}" for line in _growth_table(best)),
    ]


def _growth_table(figures: Growth) -> list[str]:
    runs = list(dict.fromkeys(run for found in figures.tokens_per_run.values() for run in found))
    rows = [("tokens/s by tokens per run", *runs)]
    for text, found in figures.tokens_per_run.items():
        rows.append((f"texts of {text}", *(f"{found[run]:.0f}" if run in found else "" for run in runs)))
    lengths = list(figures.lone_text_ms["one"])
    rows.append(("ms by tokens of a single text", *lengths))
    for threads, found in figures.lone_text_ms.items():
        label = {"one": "one thread", "all": "all cores"}[threads]
        rows.append((label, *(f"{found[tokens]:.2f}" for tokens in lengths)))
    side = ", ".join(f"{name}: {value:.0f}" for name, value in figures.side_by_side.items())
    return [*align(rows), f"tokens/s by runs side by side: {side}"]
