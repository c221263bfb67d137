"""Whether a text's embedding has the same bits whatever it is computed with.

Each text is embedded alone, then in random batches of mixed lengths, several of them at once; then alone, in the same
batches and all together straight through the session, by one thread and on all cores. Every row is compared bit by bit
with that of the text alone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from tokenizers import Tokenizer

from bench.artifacts import OUTPUT, LoadedModel, Rows
from bench.figures.fidelity import Compared, Invariance
from bench.progress import open_bar
from server.engine.sessions import Session

TEXTS, BATCHES, LARGEST_BATCH = 500, 200, 64
# Every tenth text is a passage, so that lengths reach up to the model's limit and batches are truly mixed.
PASSAGE_EVERY, LONGEST_PASSAGE = 10, 30
CONCURRENT_BATCHES = 4


class Encoded(msgspec.Struct, frozen=True):
    text: str
    ids: list[int]


async def check_invariance(model: LoadedModel, tokenizer: Tokenizer, sentences: Sequence[str], seed: int) -> Invariance:
    """Compare every way of computing with computing alone, without the cache. The engine must be running."""
    rng = np.random.default_rng(seed)
    texts = sample_texts(sentences, TEXTS, rng)
    batches = sample_batches(texts, BATCHES, rng)
    alone, served = await _compare_served(model, texts, batches, rng)
    groups = encode_batches([*([text] for text in texts), texts, *batches], tokenizer)
    session, layout = model.session, model.variant.layout
    ways = {
        "served": served,
        "one_thread": compare_runs(session, layout, groups, alone, all_cores=False),
        "all_cores": compare_runs(session, layout, groups, alone, all_cores=True),
    }
    rows, different = (sum(map(count, ways.values())) for count in (len, sum))
    counted = {way: Compared(len(differences), sum(differences)) for way, differences in ways.items()}
    return Invariance(len(texts), len(batches), rows, different, counted)


async def _compare_served(
    model: LoadedModel, texts: Sequence[str], batches: Sequence[list[str]], rng: np.random.Generator
) -> tuple[dict[str, Rows], list[bool]]:
    """Return the row of each text alone, and for each row of the batches whether it differs from that."""
    alone: dict[str, Rows] = {}
    served: list[bool] = []
    with open_bar("bits", len(texts) + len(batches), "requests") as bar:
        for text in texts:
            alone[text] = (await model.embed([text])).rows[0]
            bar.update()
        for wave in sample_waves(batches, rng):
            served += await _compare_wave(model, wave, alone)
            bar.update(len(wave))
    return alone, served


def encode_batches(batches: Sequence[Sequence[str]], tokenizer: Tokenizer) -> list[list[Encoded]]:
    """Return the batches with the token ids of their texts."""
    encoded = {text: Encoded(text, tokenizer.encode(text).ids) for batch in batches for text in batch}
    return [[encoded[text] for text in batch] for batch in batches]


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


async def _compare_wave(model: LoadedModel, wave: Sequence[list[str]], alone: Mapping[str, Rows]) -> list[bool]:
    answers = await asyncio.gather(*(model.embed(batch) for batch in wave))
    return [
        differs(row, alone[text])
        for batch, answer in zip(wave, answers, strict=True)
        for text, row in zip(batch, answer.rows, strict=True)
    ]


def compare_runs(
    session: Session, layout: str, batches: Sequence[Sequence[Encoded]], alone: Mapping[str, Rows], *, all_cores: bool
) -> list[bool]:
    """Run each batch straight through the session, in as few runs as it allows; return for each row if it differs."""
    differences = []
    for run in (run for batch in batches for run in split_runs(batch, layout)):
        rows = session.run([text.ids for text in run], OUTPUT, all_cores=all_cores)
        differences += [differs(row, alone[text.text]) for text, row in zip(run, rows, strict=True)]
    return differences


def split_runs(batch: Sequence[Encoded], layout: str) -> list[list[Encoded]]:
    """Return the runs of a batch: one for each length where a run's texts must be equally long, else a single one."""
    if layout != "equal-length":
        return [list(batch)]
    by_length: dict[int, list[Encoded]] = defaultdict(list)
    for text in batch:
        by_length[len(text.ids)].append(text)
    return list(by_length.values())


def differs(row: Rows, other: Rows) -> bool:
    """Compare bit by bit: a NaN equals itself, and 0 is not -0."""
    return row.tobytes() != other.tobytes()
