"""The figures of `bench ragged` and their table: speeds by arrangement of runs, and what all cores win."""

from msgspec import field

from bench.figures.origin import Origin
from bench.figures.outcomes import align


class RaggedFigures(Origin, frozen=True, kw_only=True):
    """Figures by arrangement: `ragged` runs texts as they come, `padded` pads them, `sorted` sorts all of them first.

    `tokens_per_s` are the texts' own tokens per second of one thread's processor time, the median over the rounds;
    `computed_tokens` includes padding. `ratios` are speeds: above 1, the first of the pair is faster; `noise` is each
    one's interquartile range. `lone_ms` is of a single text, by cores (one, all), then its tokens, by wall clock;
    `all_cores_time_share` is the time on all cores divided by that on one.
    """

    variant: str
    texts: int
    tokens: int
    batch_texts: int
    max_tokens_per_run: int
    runs: dict[str, int]
    computed_tokens: dict[str, int]
    tokens_per_s: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, float]
    noise: dict[str, float]
    lone_ms: dict[str, dict[str, float]] = field(default_factory=dict)
    all_cores_time_share: dict[str, float] = field(default_factory=dict)
    all_cores_time_share_noise: dict[str, float] = field(default_factory=dict)
    rounds_tokens_per_s: dict[str, list[float]]


def render_table(figures: RaggedFigures) -> list[str]:
    rows = [(f"one core, median of {figures.rounds}", "tokens/s", "runs", "tokens computed")]
    for name, speed in figures.tokens_per_s.items():
        rows.append((name, f"{speed:.0f}", str(figures.runs[name]), str(figures.computed_tokens[name])))
    ratios = [f"{pair}: {ratio:.2f} ± {figures.noise[pair] / 2:.2f}" for pair, ratio in figures.ratios.items()]
    shares, noise = figures.all_cores_time_share, figures.all_cores_time_share_noise
    single = [("ms by tokens of a single text", *shares)]
    single += [
        (f"{cores} core{'s' * (cores == 'all')}", *(f"{ms:.2f}" for ms in found.values()))
        for cores, found in figures.lone_ms.items()
    ]
    single.append(("all cores / one", *(f"{share:.2f} ± {noise[text] / 2:.2f}" for text, share in shares.items())))
    return [*align(rows), *ratios, *align(single)]
