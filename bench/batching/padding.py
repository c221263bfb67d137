"""vecd's engine against FIFO padding on the same texts, from texts to rows: tokens per second, round by round.

All texts wait from the start. Each way tokenizes them with the same tokenizer and computes them with the same session
on as many threads; the engine gets them as one request, since a caller for each text would cost it an event loop's
work that FIFO padding is spared here.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import numpy as np
from tokenizers import Tokenizer

from bench.batching.fifo import PEER_MAX_TOKENS, drive_fifo
from bench.graphs.direct import count_threads
from bench.graphs.timing import speed_ratio
from bench.progress import open_bar
from server import TOKENS_PER_RUN, Daemon, Demand

OURS = "vecd"


class Pass(msgspec.Struct, frozen=True):
    """All texts once: seconds, and tokens computed with their padding."""

    seconds: float
    computed_tokens: int


class PaddingFigures(msgspec.Struct, frozen=True, kw_only=True):
    """By way: the texts' own tokens per second of every round, and the share of padding among those computed.

    `ratios` are speeds: above 1, vecd is faster; `noise` is each one's interquartile range.
    """

    texts: int
    tokens: int
    threads: int
    tokens_per_s: dict[str, list[float]]
    padding_share: dict[str, float]
    ratios: dict[str, float]
    noise: dict[str, float]


Way = Callable[[], Awaitable[Pass]]
Passes = dict[str, list[Pass]]  # of every round, by way


async def compare_padding(
    daemon: Daemon, tokenizer: Tokenizer, texts: Sequence[str], rounds: int, rng: np.random.Generator
) -> PaddingFigures:
    """Time every way in every round, in an order of the round's own. The engine must have been started."""
    tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch_fast(list(texts)))
    ways = build_ways(daemon, tokenizer, texts, tokens)
    passes: Passes = {name: [] for name in ways}
    with open_bar("padding", rounds * len(ways), "passes") as bar:
        for _ in range(rounds):
            for name in rng.permutation(list(ways)).tolist():
                passes[name].append(await ways[name]())
                bar.update()
    return summarize_passes(passes, len(texts), tokens, count_threads(daemon))


def build_ways(daemon: Daemon, tokenizer: Tokenizer, texts: Sequence[str], tokens: int) -> dict[str, Way]:
    """Return vecd's engine, FIFO padding within vecd's own budget, and within a peer's."""

    async def ours() -> Pass:
        start = time.perf_counter()
        await daemon.engine.embed(texts, Demand(cache=False))
        return Pass(time.perf_counter() - start, tokens)

    def fifo(max_tokens: int) -> Way:
        def run() -> Pass:
            start = time.perf_counter()
            encodings = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]
            found = drive_fifo(daemon.chosen.session, encodings, count_threads(daemon), max_tokens)
            return Pass(time.perf_counter() - start, found.computed_tokens)

        return lambda: asyncio.to_thread(run)

    budgets = dict.fromkeys((TOKENS_PER_RUN[daemon.provider.provider], PEER_MAX_TOKENS))
    return {OURS: ours, **{f"fifo-padding-{budget}": fifo(budget) for budget in budgets}}


def summarize_passes(passes: Passes, texts: int, tokens: int, threads: int) -> PaddingFigures:
    """Return the figures, ratios taken within each round."""
    seconds = {name: [one.seconds for one in found] for name, found in passes.items()}
    ratios = {f"{OURS}/{name}": speed_ratio(seconds[OURS], found) for name, found in seconds.items() if name != OURS}
    return PaddingFigures(
        texts=texts,
        tokens=tokens,
        threads=threads,
        tokens_per_s={name: [tokens / one for one in found] for name, found in seconds.items()},
        padding_share={name: 1 - tokens / found[-1].computed_tokens for name, found in passes.items()},
        ratios={pair: ratio.median for pair, ratio in ratios.items()},
        noise={pair: ratio.interquartile_range for pair, ratio in ratios.items()},
    )
