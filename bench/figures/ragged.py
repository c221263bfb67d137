"""What `bench ragged` writes and prints: speeds by way of making runs, their ratios, and what all cores win."""

from bench.figures.origin import Origin
from bench.figures.outcomes import align


class RaggedFigures(Origin, frozen=True, kw_only=True):
    """Figures by way: `ragged` runs texts as they come, `padded` fills them up, `sorted` sorts all of them first.

    `tokens_per_s` are the texts' own tokens per second of one thread's processor time, the median over the rounds;
    `computed_tokens` includes padding. `ratios` are speeds: above 1, the first of the pair is faster; `noise` is each
    one's interquartile range. `lone_ms` is of a text alone, by cores (one, all), then its tokens, on the clock;
    `all_cores_time_share` is the time on all cores divided by that on one.
    """

    variant: str
    texts: int
    tokens: int
    batch_texts: int
    max_tokens_per_run: int
    runs: dict[str, int]
    computed_tokens: dict[str, int]
    tokens_per_s: dict[str, float]
    ratios: dict[str, float]
    noise: dict[str, float]
    lone_ms: dict[str, dict[str, float]]
    all_cores_time_share: dict[str, float]
    all_cores_time_share_noise: dict[str, float]
    rounds_tokens_per_s: dict[str, list[float]]
    rounds: int


def render_table(figures: RaggedFigures) -> list[str]:
    """Return the figures for a terminal."""
    rows = [(f"one core, median of {figures.rounds}", "tokens/s", "runs", "tokens computed")]
    for way, speed in figures.tokens_per_s.items():
        rows.append((way, f"{speed:.0f}", str(figures.runs[way]), str(figures.computed_tokens[way])))
    ratios = [f"{pair}: {ratio:.2f} ± {figures.noise[pair] / 2:.2f}" for pair, ratio in figures.ratios.items()]
    shares, noise = figures.all_cores_time_share, figures.all_cores_time_share_noise
    lone = [("ms by tokens of a lone text", *shares)]
    lone += [
        (f"{cores} core{'s' * (cores == 'all')}", *(f"{ms:.2f}" for ms in found.values()))
        for cores, found in figures.lone_ms.items()
    ]
    lone.append(("all cores / one", *(f"{share:.2f} ± {noise[text] / 2:.2f}" for text, share in shares.items())))
    return [*align(rows), *ratios, *align(lone)]
