"""Searches and hits as callers see them, and the checks of a search."""

from typing import Any, Literal, get_args

import msgspec
import numpy as np

from index.documents.document import encode_text
from index.documents.passages import Passage
from index.documents.vector import Vector, check_vector
from index.errors import QueryError

MAX_TOP_K = 1_000
SCORE_TOLERANCE = 1e-6  # of a cosine: what rounding vectors and scores to float32 may take from it

Mode = Literal["vector", "text", "hybrid"]
Fusion = Literal["weighted", "rrf"]
FUSIONS = frozenset(get_args(Fusion))


class Query(msgspec.Struct, frozen=True, eq=False):
    """A search. Modes vector and hybrid need `vector`, modes text and hybrid `text`.

    In quotes words are a phrase, which hits must hold where nothing stands beside it. With `prefix` the last word may
    be the beginning of one, with `typos` words of five letters and more may differ by one edit. `threshold` bounds the
    score from below, a cosine but for SCORE_TOLERANCE, so that 1 finds what is equal; None is none. Hits whose texts
    and metadata take more than `max_bytes` together are refused, not cut off.

    Mode hybrid adds normalized scores, that of the vector with this `weight` and that of the words with the rest; with
    the fusion "rrf" it adds reciprocal ranks instead. With `explain` hits tell the parts of their scores. The document
    with the id `without` is no hit, nor are others measured by it.
    """

    mode: Mode = "vector"
    vector: Vector | None = None
    text: str | None = None
    top_k: int = 10
    threshold: float | None = None
    filter: dict[str, Any] | None = None
    max_bytes: int | None = None
    prefix: bool = False
    typos: bool = False
    weight: float = 0.5
    fusion: Fusion = "weighted"
    explain: bool = False
    without: str | None = None

    @property
    def wanted(self) -> int:
        """How many rows a ranking needs, from which one document may be left out."""
        return self.top_k + (self.without is not None)

    @property
    def lowest_score(self) -> float:
        """The score below which nothing is a hit."""
        if self.threshold is None:
            return float("-inf")
        return self.threshold - SCORE_TOLERANCE if self.mode == "vector" else self.threshold


class Part(msgspec.Struct, frozen=True):
    """What a vector or words say of a document: the cosine or BM25.

    Of a weighted sum also its normalized value, from 0 to 1; of fused ranks the rank, from 1.
    """

    score: float
    normalized: float | None = None
    rank: int | None = None


class Explanation(msgspec.Struct, frozen=True):
    """The parts of a hit's score; modes vector and text have one, and fused ranks those that hold the document."""

    vector: Part | None = None
    text: Part | None = None


class Hit(msgspec.Struct, frozen=True):
    """A document found.

    `score`: the cosine of its best passage, BM25, or in mode hybrid the weighted sum or that of reciprocal ranks.
    `passage` is where the best passage stands, where vectors were compared.
    """

    id: str
    text: str
    score: float
    metadata: dict[str, Any]
    passage: Passage | None = None
    explain: Explanation | None = None


class SearchOutcome(msgspec.Struct, frozen=True):
    """What was found, best first. `words_ignored` words of the query were left out of more than are ranked by.

    `below` of the best that were asked for are no hits, since their scores are below the threshold.
    """

    hits: list[Hit]
    words_ignored: int = 0
    below: int = 0


def check_query(query: Query, ndim: int) -> Query:
    """Return the query with its vector checked, or raise QueryError, VectorError or DocumentError."""
    if not 1 <= query.top_k <= MAX_TOP_K:
        raise QueryError(f"top_k must be 1 to {MAX_TOP_K}; {query.top_k} was given")
    if query.max_bytes is not None and query.max_bytes < 1:
        raise QueryError(f"max_bytes must be 1 at least; {query.max_bytes} was given")
    if query.threshold is not None and not np.isfinite(query.threshold):
        raise QueryError("the threshold is not a finite number")
    if not 0 <= query.weight <= 1:
        raise QueryError(f"the weight must be 0 to 1; {query.weight} was given")
    if query.fusion not in FUSIONS:
        raise QueryError(f"the fusion must be one of {', '.join(sorted(FUSIONS))}; {query.fusion!r} was given")
    if query.mode != "vector" and query.text is None:
        raise QueryError(f"a search in mode {query.mode} needs a text")
    if query.text is not None:
        encode_text("query", query.text)
    if query.mode == "text":
        return query
    if query.vector is None:
        raise QueryError(f"a search in mode {query.mode} needs a vector")
    return msgspec.structs.replace(query, vector=check_vector(query.vector, ndim))
