"""Documents and queries for the index's benchmarks: many documents made of a few thousand real sentences.

A document's text is two sentences a and b in a row; its vector is that of a, moved by half the difference of b's and of
a third sentence's, and brought back to length 1. So vectors vary in the directions in which sentences really differ,
around some thousand points, and not evenly in all directions as noise would. Queries are other sentences, unchanged;
none of them is part of a document.
"""

import asyncio
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from bench.artifacts import LoadedModel, Rows
from bench.errors import BenchError
from bench.workload.sts import read_sentences
from bench.workload.texts import stream_texts
from index import Document

MOVED = 0.5
TEXTS_PER_REQUEST = 64
SOURCES = ("news", "forum", "captions")
PIECE = 10_000
# The share of the documents that a filter leaves, and the filter.
FILTERS: Mapping[str, dict[str, Any]] = {
    "0.1%": {"thousandth": 7},
    "1%": {"hundredth": 42},
    "10%": {"tenth": 3},
    "50%": {"half": True},
}


class SampleSize(msgspec.Struct, frozen=True):
    """How many sentences are queries, and how many are made up where there is no data."""

    queries: int = 500
    made_up: int = 5_500


class Sentences(msgspec.Struct, frozen=True, eq=False):
    """Texts and their rows (texts, ndim); the first `query_count` of them are queries."""

    texts: list[str]
    rows: Rows
    query_count: int

    @property
    def queries(self) -> list[tuple[str, Rows]]:
        """Text and vector of each query."""
        return list(zip(self.texts[: self.query_count], self.rows[: self.query_count], strict=True))


class Corpus:
    """A number of documents, made when they are asked for.

    `rows` (count, ndim) are their vectors, `parts` (3, count) the places of the sentences that each is made of.
    """

    def __init__(self, sentences: Sentences, count: int, seed: int, prefix: str = "document") -> None:
        rng = np.random.default_rng(seed)
        places = np.arange(sentences.query_count, len(sentences.texts))
        self._texts = sentences.texts
        self.parts = rng.choice(places, (3, count))
        self._groups = rng.integers(0, 1000, count)
        self._prefix = prefix
        self.rows = np.empty((count, sentences.rows.shape[1]), np.float32)
        for start in range(0, count, PIECE):
            piece = slice(start, start + PIECE)
            first, second, third = (sentences.rows[numbers[piece]] for numbers in self.parts)
            self.rows[piece] = unit(first + MOVED * (second - third))

    def __len__(self) -> int:
        return len(self.rows)

    def metadata(self, number: int) -> dict[str, Any]:
        """Return a document's metadata, which FILTERS select by."""
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
        first, second, _ = self.parts
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


def embed_sentences(model: LoadedModel, data: Path | None, seed: int, size: SampleSize) -> Sentences:
    """Embed the sentences of the STS benchmark, or made-up ones without data, in an order of their own.

    Raises:
        BenchError: there are too few sentences.
    """
    found = list(dict.fromkeys(_read_texts(data, seed, size)))
    if len(found) < 2 * size.queries:
        message = f"{data} has {len(found)} sentences; {2 * size.queries} are needed, {size.queries} of them as queries"
        raise BenchError(message)
    order = np.random.default_rng(seed).permutation(len(found))
    texts = [found[place] for place in order]
    return Sentences(texts, asyncio.run(_embed(model, texts)), size.queries)


def _read_texts(data: Path | None, seed: int, size: SampleSize) -> Iterable[str]:
    if data is None:
        return (one.text for one in itertools.islice(stream_texts("short", seed), size.made_up))
    return read_sentences(data)


async def _embed(model: LoadedModel, texts: Sequence[str]) -> Rows:
    with model.running():
        parts = [
            (await model.embed(texts[start : start + TEXTS_PER_REQUEST])).rows
            for start in range(0, len(texts), TEXTS_PER_REQUEST)
        ]
    return np.concatenate(parts)
