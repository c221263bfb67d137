"""The page's part on runs without padding: what they gain over other arrangements, and all cores over one."""

from bench.figures.ragged import RaggedFigures
from bench.figures.spread import Spread, spread
from bench.report.markdown import noisy, number, table

RAGGED = "ragged"
ARRANGEMENTS = {
    RAGGED: "ragged: as they come, of any lengths",
    "padded": "padded: filled up to the longest of the batch",
    "sorted": "sorted: all sorted by length first, else as ragged",
}
CORES = {"one": "one core", "all": "all cores"}


def render_ragged(result: RaggedFigures) -> list[str]:
    """Return one file's tables."""
    return [*_arrangements(result), *_single_texts(result)]


def _arrangements(result: RaggedFigures) -> list[str]:
    rows = [
        [
            ARRANGEMENTS.get(name, name),
            noisy(spread(speeds)),
            f"{result.computed_tokens[name]:,}",
            f"{result.runs[name]:,}",
            _against(result, name),
        ]
        for name, speeds in result.rounds_tokens_per_s.items()
    ]
    return [
        f"{result.texts:,} sentences of the STS benchmark's dev set, {result.tokens:,} tokens, in batches of "
        f"{result.batch_texts} and runs",
        f"of at most {result.max_tokens_per_run} tokens, by {result.variant} on one core. Padding is no text: tokens/s "
        "count the sentences' own alone.",
        "",
        *table(["runs", "tokens/s", "tokens computed", "runs made", "speed of ragged against it"], rows),
    ]


def _against(result: RaggedFigures, name: str) -> str:
    pair = f"{RAGGED}/{name}"
    return noisy(Spread(result.ratios[pair], result.noise[pair] / 2)) if pair in result.ratios else ""


def _single_texts(result: RaggedFigures) -> list[str]:
    shares, noise = result.all_cores_time_share, result.all_cores_time_share_noise
    if not shares:
        return []
    rows = [[CORES.get(cores, cores), *map(number, found.values())] for cores, found in result.lone_ms.items()]
    rows.append(["all cores' time / one's", *(noisy(Spread(share, noise[text] / 2)) for text, share in shares.items())])
    return table(["ms of a lone text, by its tokens", *shares], rows)
