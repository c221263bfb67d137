"""The figures of `bench ingest`, and their table."""

from bench.figures.origin import Origin
from bench.figures.outcomes import align
from bench.figures.spread import spread


class IngestFigures(Origin, frozen=True, kw_only=True):
    """Texts a second by kind of text and by method, one value a round.

    `share_of_embed` is each method's share of what /embed/batch reaches, the median over the rounds.
    """

    texts_per_s: dict[str, dict[str, list[float]]]
    share_of_embed: dict[str, dict[str, float]]
    goals: dict[str, float]
    documents: int


def render_table(figures: IngestFigures) -> list[str]:
    rows = [("", "texts/s", "of /embed/batch", "goal")]
    for kind, methods in figures.texts_per_s.items():
        for method, values in methods.items():
            middle, share = spread(values), figures.share_of_embed[kind].get(method)
            assert middle is not None
            shown = ("", "") if share is None else (f"{share:.2f}", f"{figures.goals[kind]:.2f}")
            rows.append((f"{kind}, {method}", f"{middle.median:,.0f} ± {middle.noise:,.0f}", *shown))
    return align(rows)
