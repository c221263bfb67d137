"""Texts longer than the model reads as a mean: consecutive windows of their tokens, each embedded, weighed by tokens.

The mean is of the pooled rows, so that with mean pooling every token counts alike, and is normalized where the demand
says so. A text that fits is embedded as any other, through the cache; windows are not cached.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from functools import partial

import msgspec
import numpy as np
from tokenizers import Tokenizer

from server.contract.embedding import Demand, Embeddings, Input, Rows, Timing
from server.engine.admission import first_piece
from server.engine.engine import Engine
from server.engine.reading import Reader
from server.engine.scheduling.job import deadline_error
from server.engine.tokenization import (
    CHARACTER_S,
    SLICE_CHARACTERS,
    effort,
    guarded,
    special_tokens,
    surely_fits,
    take_some,
    untruncated,
)
from server.turns import Turns

# So many windows at a time: a body may hold millions of tokens, and others must find room in the queue.
GROUP_WINDOWS = 512

# The token ids of one window, special tokens included.
Window = tuple[int, ...]


class Windows:
    """The model's tokenizer without truncation, and a thread of its own, on which clients take turns."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int) -> None:
        self._tokenizer = untruncated(tokenizer)
        self._reader = Reader(self._tokenizer)
        self._before, self._after = special_tokens(self._tokenizer)
        self._room = max_tokens - len(self._before) - len(self._after)
        self._turns = Turns("windows")

    async def of(self, texts: Sequence[Input], client: str = "") -> list[list[Window]]:
        """Return the windows of each text that is longer than the model's length, and none of the others.

        Token ids in place of a text are never cut.

        Raises:
            InferenceError: the tokenizer failed.
        """
        found = [list[int]() for _ in texts]
        steps, likely_s = self._steps(texts), effort(texts) * CHARACTER_S
        while some := await self._turns.run(client, partial(take_some, steps), likely_s):
            for index, ids in some:
                found[index] += ids
        return [self._cut(ids) if len(ids) > self._room else [] for ids in found]

    def _steps(self, texts: Sequence[Input]) -> Iterator[list[tuple[int, list[int]]]]:
        for index, text in enumerate(texts):
            if isinstance(text, str) and not surely_fits(text, self._room):
                for piece in self._reader.pieces(text):
                    yield [(index, self._tokenize(piece.text))]

    def _tokenize(self, text: str) -> list[int]:
        (found,) = guarded(lambda: self._tokenizer.encode_batch_fast([text], add_special_tokens=False))
        return list(found.ids)

    def _cut(self, ids: list[int]) -> list[Window]:
        starts = range(0, len(ids), self._room)
        return [(*self._before, *ids[start : start + self._room], *self._after) for start in starts]

    def close(self) -> None:
        self._turns.close()


async def embed_windows(engine: Engine, windows: Windows, texts: Sequence[Input], demand: Demand) -> Embeddings:
    """Embed for a caller who has a place; `tokens` are those of all windows, and no text is truncated.

    The caller's time holds for the first group of windows, and again for each that follows.

    Raises:
        OverloadedError, DeadlineError, UnavailableError, InferenceError
    """
    began_s, limit_s = time.perf_counter(), engine.seconds_for(demand)
    forecast = engine.workers.forecast
    if effort(texts) > SLICE_CHARACTERS:
        # Refused before any long work where it cannot fit; each text has at least two tokens.
        tokens = 2 * len(texts)
        own_s = forecast.seconds_of(first_piece(tokens))
        engine.admission.weigh(tokens, engine.estimate.of(texts, whole=True), own_s, forecast.backlog(), limit_s)
    try:
        async with asyncio.timeout(limit_s):
            cut = await windows.of(texts, demand.client)
    except TimeoutError:
        engine.admission.count("deadline")
        raise deadline_error() from None
    spent_s = time.perf_counter() - began_s
    rest = msgspec.structs.replace(demand, truncate=True, timeout_s=max(0.0, limit_s - spent_s))
    short = await engine.embed_admitted([text for text, parts in zip(texts, cut, strict=True) if not parts], rest)
    long = await _embed_groups(engine, [window for parts in cut for window in parts], rest, limit_s)
    return _together(cut, short, long, normalize=demand.normalize, tokenize_s=spent_s)


async def _embed_groups(engine: Engine, windows: Sequence[Window], demand: Demand, limit_s: float) -> Embeddings:
    """Embed windows without normalization, a group after the other; each but the first has `limit_s` seconds."""
    pooled = msgspec.structs.replace(demand, normalize=False, cache=False)
    groups = [windows[at : at + GROUP_WINDOWS] for at in range(0, len(windows), GROUP_WINDOWS)] or [[]]
    found, timing = list[Embeddings](), Timing()
    for group in groups:
        found.append(await engine.embed_admitted(group, pooled))
        pooled = msgspec.structs.replace(pooled, timeout_s=limit_s)
        timing.add(found[-1].timing)
    rows = np.concatenate([one.rows for one in found])
    tokens = [count for one in found for count in one.tokens]
    return Embeddings(rows, tokens, [False] * len(windows), 0, timing)


def _together(
    cut: Sequence[Sequence[Window]], short: Embeddings, long: Embeddings, *, normalize: bool, tokenize_s: float
) -> Embeddings:
    """Put the rows of texts that fit and of windows in the order of the texts; `cut` has the windows of each text."""
    rows = np.empty((len(cut), short.rows.shape[1]), np.float32)
    tokens, truncated, fitting, at = list[int](), list[bool](), 0, 0
    for row, parts in zip(rows, cut, strict=True):
        if parts:
            own = slice(at, at + len(parts))
            row[:] = mean(long.rows[own], long.tokens[own], normalize=normalize)
            tokens.append(sum(long.tokens[own]))
            truncated.append(False)
            at += len(parts)
        else:
            row[:] = short.rows[fitting]
            tokens.append(short.tokens[fitting])
            truncated.append(short.truncated[fitting])
            fitting += 1
    timing = Timing(tokenize_s)
    timing.add(short.timing)
    timing.add(long.timing)
    return Embeddings(rows, tokens, truncated, short.cached_count, timing)


def mean(rows: Rows, tokens: Sequence[int], *, normalize: bool) -> Rows:
    """Return the mean (dimensions,) of rows (windows, dimensions), weighed by tokens; a zero one stays zero."""
    found = np.average(rows.astype(np.float64), axis=0, weights=tokens)
    norm = float(np.linalg.norm(found)) if normalize else 1.0
    return np.asarray(found / norm if norm else found, np.float32)
