"""BM25 as tantivy counts it, for documents that its index has not got yet: Robertson and Zaragoza, 2009. Pure.

A document's length is rounded down as in the index, to one of 256 lengths (exact up to 40 words), so that a document
scores the same before and after it is there.
"""

import bisect
import math
from collections.abc import Iterator, Mapping

import msgspec
import numpy as np

SATURATION, LENGTH_SHARE = 1.2, 0.75  # k1 and b: Lucene's, and fixed in tantivy


class Weights(msgspec.Struct, frozen=True):
    """What a document's score gets for what it holds.

    By stem, its rarity as often as the query holds it, and as a factor on the rarity that the index counts; for each
    phrase, the beginning and each forgiven word, a sum. `ignored` words of the query, which some document holds, were
    left out.
    """

    average_length: float
    rarities: Mapping[str, float]
    factors: Mapping[str, float]
    phrases: Mapping[tuple[str, ...], float] = {}
    beginning: float = 0.0
    forgiven: Mapping[str, float] = {}
    ignored: int = 0


def rarity(documents: int, holding: int) -> float:
    """Return the inverse document frequency of a word that so many of the documents hold."""
    return math.log(1 + (documents - holding + 0.5) / (holding + 0.5))


def rounded_rarity(documents: int, holding: int) -> float:
    """Return the same as the index counts it, in float32: of a word that is nearly everywhere little is left."""
    one, half = np.float32(1), np.float32(0.5)
    return float(np.log(one + (np.float32(documents - holding) + half) / (np.float32(holding) + half)))


def relevance(count: int, length: int, average_length: float) -> float:
    """Return what a word that stands `count` times in a text of so many words adds to its score, by its rarity."""
    relative = rounded(length) / average_length if average_length else 1.0
    return (SATURATION + 1) * count / (count + SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * relative))


def rounded(length: int) -> int:
    return LENGTHS[bisect.bisect_right(LENGTHS, length) - 1]


def lengths() -> Iterator[int]:
    """Yield the lengths that an index tells apart: https://docs.rs/tantivy/latest/tantivy/fieldnorm/index.html."""
    yield from range(40)
    length, step = 40, 2
    while length < 1 << 31:
        for _ in range(8):
            yield length
            length += step
        step *= 2


LENGTHS = tuple(lengths())
