"""Searches and hits as callers see them, and the checks of a search."""

from typing import Any, Literal

import msgspec
import numpy as np

from index.documents.document import encode_text
from index.documents.passages import Passage
from index.documents.vector import Vector, check_vector
from index.errors import QueryError

MAX_TOP_K = 1_000
SCORE_TOLERANCE = 1e-6  # of a cosine: what rounding vectors and scores to float32 may take from it

Mode = Literal["vector", "text", "hybrid"]


class Query(msgspec.Struct, frozen=True, eq=False):
    """A search. Modes vector and hybrid need `vector`, modes text and hybrid `text`.

    In quotes words are a phrase, which hits must hold where nothing stands beside it. With `prefix` the last word may
    be the beginning of one, with `typos` words of five letters and more may differ by one edit. `threshold` bounds the
    score from below, a cosine but for SCORE_TOLERANCE, so that 1 finds what is equal; None is none. Hits whose texts
    and metadata take more than `max_bytes` together are refused, not cut off.
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

    @property
    def lowest_score(self) -> float:
        """The score below which nothing is a hit."""
        if self.threshold is None:
            return float("-inf")
        return self.threshold - SCORE_TOLERANCE if self.mode == "vector" else self.threshold


class Hit(msgspec.Struct, frozen=True):
    """A document found. `score`: the cosine of its best passage, BM25, or the fused sum of reciprocal ranks.

    `passage` is where the best passage stands, where vectors were compared.
    """

    id: str
    text: str
    score: float
    metadata: dict[str, Any]
    passage: Passage | None = None


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
    if query.mode != "vector" and query.text is None:
        raise QueryError(f"a search in mode {query.mode} needs a text")
    if query.text is not None:
        encode_text("query", query.text)
    if query.mode == "text":
        return query
    if query.vector is None:
        raise QueryError(f"a search in mode {query.mode} needs a vector")
    return msgspec.structs.replace(query, vector=check_vector(query.vector, ndim))
