"""Whether a text's embedding has the same bits whatever it is computed with.

In: a started daemon and texts. Each text is embedded alone, then in random batches of mixed lengths, several of them
at once, and then straight through the session on all cores; every row is compared bit by bit with the first.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bench.progress import open_bar
from server import Daemon, Engine, Session

TEXTS, BATCHES, LARGEST_BATCH = 500, 200, 64
# Every tenth text is a passage, so that lengths reach up to the model's limit and batches are truly mixed.
PASSAGE_EVERY, LONGEST_PASSAGE = 10, 30
CONCURRENT_BATCHES = 4

Rows = NDArray[np.float32]


class Invariance(msgspec.Struct, frozen=True):
    """What was compared: texts alone, the batches they were in again, rows compared, and rows of other bits."""

    texts: int
    batches: int
    rows_compared: int
    rows_different: int


async def check_invariance(daemon: Daemon, tokenizer: Tokenizer, sentences: Sequence[str], seed: int) -> Invariance:
    """Compare every way of computing with computing alone, the cache off throughout."""
    rng = np.random.default_rng(seed)
    texts = sample_texts(sentences, TEXTS, rng)
    batches = sample_batches(texts, BATCHES, rng)
    with open_bar("bits", len(texts) + len(batches), "requests") as bar:
        alone = {}
        for text in texts:
            alone[text] = (await daemon.engine.embed([text], cache=False)).rows[0]
            bar.update()
        differences = []
        for wave in sample_waves(batches, rng):
            differences += await _compare_wave(daemon.engine, wave, alone)
            bar.update(len(wave))
    differences += compare_all_cores(daemon.chosen.session, tokenizer, alone)
    return Invariance(len(texts), len(batches), len(differences), sum(differences))


def sample_texts(sentences: Sequence[str], count: int, rng: np.random.Generator) -> list[str]:
    """Return that many different texts, fewer where there are not enough: sentences, and passages made of some."""
    unique = list(dict.fromkeys(sentences))
    picked = [unique[i] for i in rng.permutation(len(unique))[:count]]
    for place in range(0, len(picked), PASSAGE_EVERY):
        others = rng.choice(unique, size=rng.integers(2, LONGEST_PASSAGE, endpoint=True))
        picked[place] = " ".join([picked[place], *others])
    return list(dict.fromkeys(picked))


def sample_batches(texts: Sequence[str], count: int, rng: np.random.Generator) -> list[list[str]]:
    """Return that many batches of 1 to LARGEST_BATCH different texts."""
    largest = min(LARGEST_BATCH, len(texts))
    sizes = rng.integers(1, largest, size=count, endpoint=True)
    return [[texts[i] for i in rng.choice(len(texts), size=size, replace=False)] for size in sizes]


def sample_waves(batches: Sequence[list[str]], rng: np.random.Generator) -> Iterator[Sequence[list[str]]]:
    """Yield all batches in groups of 1 to CONCURRENT_BATCHES, each group to be embedded at once."""
    start = 0
    while start < len(batches):
        end = start + int(rng.integers(1, CONCURRENT_BATCHES, endpoint=True))
        yield batches[start:end]
        start = end


async def _compare_wave(engine: Engine, wave: Sequence[list[str]], alone: Mapping[str, Rows]) -> list[bool]:
    answers = await asyncio.gather(*(engine.embed(batch, cache=False) for batch in wave))
    return [
        differs(row, alone[text])
        for batch, answer in zip(wave, answers, strict=True)
        for text, row in zip(batch, answer.rows, strict=True)
    ]


def compare_all_cores(session: Session, tokenizer: Tokenizer, alone: Mapping[str, Rows]) -> list[bool]:
    """Run each text alone on all cores, then all texts of one length at once, and say of each row if it differs."""
    by_length: dict[int, list[tuple[str, list[int]]]] = defaultdict(list)
    for text in alone:
        ids = tokenizer.encode(text).ids
        by_length[len(ids)].append((text, ids))
    groups = [[pair] for same in by_length.values() for pair in same] + list(by_length.values())
    differences = []
    for group in groups:
        rows = session.run([ids for _, ids in group], "sentence_embedding", all_cores=True)
        differences += [differs(row, alone[text]) for (text, _), row in zip(group, rows, strict=True)]
    return differences


def differs(row: Rows, other: Rows) -> bool:
    """Compare bit by bit: a NaN equals itself, and 0 is not -0."""
    return row.tobytes() != other.tobytes()
