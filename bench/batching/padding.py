"""vecd's engine against FIFO padding on the same texts, from texts to rows: tokens per second, round by round.

All texts wait from the start. Each method tokenizes them with the same tokenizer and computes them with the same
session on as many threads. The engine gets them as one request: a caller for each text would cost it work of the event
loop that FIFO padding does not have here.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import numpy as np
from tokenizers import Tokenizer

from bench.artifacts import LoadedModel
from bench.batching.fifo import PEER_MAX_TOKENS, drive_fifo
from bench.figures.mixed import PaddingFigures
from bench.figures.peer_rows import OURS
from bench.figures.spread import speed_ratio
from bench.progress import open_bar


class Pass(msgspec.Struct, frozen=True):
    """All texts computed once: seconds, and tokens with their padding."""

    seconds: float
    computed_tokens: int


Method = Callable[[], Awaitable[Pass]]
Passes = dict[str, list[Pass]]  # of every round, by method


async def compare_padding(
    model: LoadedModel, tokenizer: Tokenizer, texts: Sequence[str], rounds: int, rng: np.random.Generator
) -> PaddingFigures:
    """Time every method in every round, in an order of the round's own. The engine must be running."""
    tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch_fast(list(texts)))
    methods = build_methods(model, tokenizer, texts, tokens)
    passes: Passes = {name: [] for name in methods}
    with open_bar("padding", rounds * len(methods), "passes") as bar:
        for _ in range(rounds):
            for name in rng.permutation(list(methods)).tolist():
                passes[name].append(await methods[name]())
                bar.update()
    return summarize_passes(passes, len(texts), tokens, model.threads)


def build_methods(model: LoadedModel, tokenizer: Tokenizer, texts: Sequence[str], tokens: int) -> dict[str, Method]:
    """Return vecd's engine, FIFO padding within vecd's own budget, and within a peer's."""

    async def ours() -> Pass:
        start = time.perf_counter()
        await model.embed(texts)
        return Pass(time.perf_counter() - start, tokens)

    def fifo(max_tokens: int) -> Method:
        def run() -> Pass:
            start = time.perf_counter()
            encodings = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]
            found = drive_fifo(model.session, encodings, model.threads, max_tokens)
            return Pass(time.perf_counter() - start, found.computed_tokens)

        return lambda: asyncio.to_thread(run)

    budgets = dict.fromkeys((model.tokens_per_run, PEER_MAX_TOKENS))
    return {OURS: ours, **{f"fifo-padding-{budget}": fifo(budget) for budget in budgets}}


def summarize_passes(passes: Passes, texts: int, tokens: int, threads: int) -> PaddingFigures:
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
