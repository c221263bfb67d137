"""Searches and hits as callers see them, and the checks of a search."""

from typing import Any, Literal, get_args

import msgspec
import numpy as np

from index.documents.ids import encode_text
from index.documents.passages import Passage, Span
from index.documents.vector import Vector, check_vector
from index.errors import QueryError

MAX_TOP_K = 1_000
MAX_PER_GROUP = 100
MIN_SNIPPET_CHARACTERS, MAX_SNIPPET_CHARACTERS = 20, 2_000
MIN_CHOSEN_FROM, CHOSEN_FROM_FACTOR = 50, 4  # how many documents diversity chooses from
MARK_BYTES = 25  # of a mark as JSON
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

    Of the documents that have the same value in the field `group_by` the best `per_group` are hits. With a `diversity`
    hits are chosen one after the other, as relevant as they are and as little alike as it says: 0 is their order by
    relevance. Then `offset` hits are passed over. Both look at the 4,096 best documents and no further.

    `texts` and `metadata` False leave those out of the hits, `vectors` puts the documents' vectors in. `snippet` is how
    many characters of its text a hit shows at most.
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
    offset: int = 0
    group_by: str | None = None
    per_group: int = 1
    diversity: float | None = None
    texts: bool = True
    metadata: bool = True
    vectors: bool = False
    snippet: int | None = None

    @property
    def end(self) -> int:
        """How many hits there are up to the last one that is wanted."""
        return self.offset + self.top_k

    @property
    def wanted(self) -> int:
        """How many documents of a ranking the hits are taken from."""
        return max(MIN_CHOSEN_FROM, CHOSEN_FROM_FACTOR * self.end) if self.diversity else self.end

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


class Snippet(msgspec.Struct, frozen=True):
    """A part of a document's text, from `start` up to `end` in its characters, that shows why it was found.

    `marks` are where words of the query stand, counted from the snippet's start: in order, and apart.
    """

    text: str
    start: int
    end: int
    marks: tuple[Span, ...] = ()

    @property
    def size_bytes(self) -> int:
        """About how many bytes of an answer it takes: every letter may be marked, so marks may be most of it."""
        return len(self.text.encode()) + MARK_BYTES * len(self.marks)


class Hit(msgspec.Struct, frozen=True):
    """A document found.

    `score`: the cosine of its best passage, BM25, or in mode hybrid the weighted sum or that of reciprocal ranks.
    `passage` is where the best passage stands, where vectors were compared. `vector` (ndim,) float32 is the mean of its
    passages at unit length, None where it was not asked for or is damaged. `characters` is how long the whole text is.
    """

    id: str
    text: str
    score: float
    metadata: dict[str, Any]
    passage: Passage | None = None
    explain: Explanation | None = None
    vector: Vector | None = None
    snippet: Snippet | None = None
    characters: int = 0


class SearchOutcome(msgspec.Struct, frozen=True):
    """What was found, best first. `words_ignored` words of the query were left out of more than are ranked by.

    `below` of the best that were asked for are no hits, since their scores are below the threshold.
    """

    hits: list[Hit]
    words_ignored: int = 0
    below: int = 0


def check_query(query: Query, ndim: int) -> Query:
    """Return the query with its vector checked, or raise QueryError, VectorError or DocumentError."""
    check_page(query)
    check_choice(query)
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


def check_page(query: Query) -> None:
    """Raise QueryError unless it is known which hits are wanted, and how large they may be."""
    if not 1 <= query.top_k <= MAX_TOP_K:
        raise QueryError(f"top_k must be 1 to {MAX_TOP_K}; {query.top_k} was given")
    if query.offset < 0:
        raise QueryError(f"the offset must be 0 at least; {query.offset} was given")
    if query.end > MAX_TOP_K:
        raise QueryError(f"offset and top_k together must be at most {MAX_TOP_K}; they are {query.end}")
    if query.max_bytes is not None and query.max_bytes < 1:
        raise QueryError(f"max_bytes must be 1 at least; {query.max_bytes} was given")
    least, most = MIN_SNIPPET_CHARACTERS, MAX_SNIPPET_CHARACTERS
    if query.snippet is not None and not least <= query.snippet <= most:
        raise QueryError(f"a snippet must have {least} to {most} characters at most; {query.snippet} was given")


def check_choice(query: Query) -> None:
    """Raise QueryError unless hits can be grouped and chosen so."""
    if query.group_by is not None and not is_field(query.group_by):
        raise QueryError("group_by must name a field of the metadata, in at least one character of Unicode")
    if not 1 <= query.per_group <= MAX_PER_GROUP:
        raise QueryError(f"per_group must be 1 to {MAX_PER_GROUP}; {query.per_group} was given")
    if query.group_by is None and query.per_group != 1:
        raise QueryError("per_group is of no use without group_by")
    if query.diversity is not None and not 0 <= query.diversity <= 1:
        raise QueryError(f"the diversity must be 0 to 1; {query.diversity} was given")


def is_field(name: str) -> bool:
    """Say whether metadata may have a field of this name, which is no empty one and holds no lone surrogate."""
    return bool(name) and not any("\ud800" <= letter <= "\udfff" for letter in name)
