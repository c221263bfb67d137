"""Documents and queries for the index's benchmarks: real sentences as the served model embeds them, made many.

A document's text is two sentences a and b in a row; its vector is that of a, moved by half the difference of b's and of
a third sentence's, and brought back to length 1. So vectors vary the ways in which sentences really differ, around some
thousand places, and not evenly in all directions as noise would. Queries are other sentences, as they are; none of them
is part of a document.
"""

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from bench.errors import BenchError
from bench.workload.sts import FILES, read_pairs
from bench.workload.texts import stream_texts
from index import Document
from server import Daemon, Demand

QUERIES, SENTENCES = 500, 5_500
MOVED = 0.5
TEXTS_PER_REQUEST = 64
SOURCES = ("news", "forum", "captions")
PIECE = 10_000
# Share of the documents that a filter leaves, and the filter.
FILTERS: Mapping[str, dict[str, Any]] = {
    "0.1%": {"thousandth": 7},
    "1%": {"hundredth": 42},
    "10%": {"tenth": 3},
    "50%": {"half": True},
}

Rows = NDArray[np.float32]


class Sentences(msgspec.Struct, frozen=True, eq=False):
    """Texts and their rows (n, ndim); the first QUERIES of them are queries."""

    texts: list[str]
    rows: Rows

    @property
    def queries(self) -> list[tuple[str, Rows]]:
        """The queries, text and vector."""
        return list(zip(self.texts[:QUERIES], self.rows[:QUERIES], strict=True))


class Corpus:
    """So many documents, made when they are asked for; `rows` (count, ndim) are their vectors."""

    def __init__(self, sentences: Sentences, count: int, seed: int, prefix: str = "document") -> None:
        rng = np.random.default_rng(seed)
        places = np.arange(QUERIES, len(sentences.texts))
        self._texts = sentences.texts
        self._chosen = rng.choice(places, (3, count))
        self._groups = rng.integers(0, 1000, count)
        self._prefix = prefix
        self.rows = np.empty((count, sentences.rows.shape[1]), np.float32)
        for start in range(0, count, PIECE):
            piece = slice(start, start + PIECE)
            first, second, third = (sentences.rows[numbers[piece]] for numbers in self._chosen)
            self.rows[piece] = unit(first + MOVED * (second - third))

    def __len__(self) -> int:
        return len(self.rows)

    def metadata(self, number: int) -> dict[str, Any]:
        """Return a document's metadata, by which FILTERS tell documents apart."""
        group = int(self._groups[number])
        return {
            "number": number,
            "source": SOURCES[number % len(SOURCES)],
            "thousandth": group,
            "hundredth": group // 10,
            "tenth": group // 100,
            "half": group < 500,
        }

    def documents(self, count: int) -> Iterator[Document]:
        """Yield the first documents."""
        first, second, _ = self._chosen
        for number in range(count):
            text = f"{self._texts[first[number]]} {self._texts[second[number]]}"
            yield Document(f"{self._prefix}/{number}", text, self.metadata(number), self.rows[number])

    def left_by(self, filter_: Mapping[str, Any], count: int) -> NDArray[np.int64]:
        """Return the numbers of the first documents that a filter of one field leaves."""
        ((field, value),) = filter_.items()
        return np.array([number for number in range(count) if self.metadata(number)[field] == value], np.int64)


def unit(rows: Rows) -> Rows:
    """Return the rows with length 1."""
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def embed_sentences(daemon: Daemon, data: Path | None, seed: int) -> Sentences:
    """Embed the sentences of the STS benchmark, or made-up ones without it, in an order of their own."""
    found = list(dict.fromkeys(_texts(data, seed)))
    if len(found) < 2 * QUERIES:
        message = f"{data} has {len(found)} sentences; {2 * QUERIES} are needed, {QUERIES} of them as queries"
        raise BenchError(message)
    order = np.random.default_rng(seed).permutation(len(found))
    texts = [found[place] for place in order]
    return Sentences(texts, asyncio.run(_embed(daemon, texts)))


def _texts(data: Path | None, seed: int) -> Iterator[str]:
    if data is None:
        return (one.text for one in itertools.islice(stream_texts("short", seed), SENTENCES))
    return (text for name in FILES for pair in read_pairs(data, name) for text in (pair.first, pair.second))


async def _embed(daemon: Daemon, texts: Sequence[str]) -> Rows:
    daemon.engine.start()
    try:
        parts = [
            (await daemon.engine.embed(texts[start : start + TEXTS_PER_REQUEST], Demand(cache=False))).rows
            for start in range(0, len(texts), TEXTS_PER_REQUEST)
        ]
        return np.concatenate(parts)
    finally:
        daemon.engine.close()
