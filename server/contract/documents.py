"""Documents, searches and collections, as they cross the wall."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from server.contract.embedding import Rows, Timing
from server.contract.errors import Failure

if TYPE_CHECKING:
    Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
else:  # msgspec knows no recursive types
    Json = object
JsonObject: TypeAlias = dict[str, Json]

Mode = Literal["vector", "text", "hybrid"]
Fusion = Literal["weighted", "rrf"]
State = Literal["ready", "indexing", "reindexing", "foreign", "failed"]


class Document(msgspec.Struct, frozen=True, eq=False):
    """`vector` (dimensions,) float32 is there only where the call asked for it."""

    id: str
    text: str
    metadata: JsonObject = {}
    vector: Rows | None = None


class Written(msgspec.Struct, frozen=True):
    """Documents are on the disk; `tokens` and `truncated` are those of their texts, in order."""

    tokens: list[int]
    truncated: list[bool]
    timing: Timing


class Line(msgspec.Struct, frozen=True, eq=False):
    """A document of a stream; `number` counts lines from 1."""

    number: int
    document: Document


class RefusedLine(msgspec.Struct, frozen=True):
    number: int
    failure: Failure


class LinesWritten(msgspec.Struct, frozen=True):
    """The outcome of one group of lines: which are refused, how many texts were cut, and the tokens of the texts."""

    refused: list[RefusedLine]
    truncated: int
    tokens: int


class DocumentPage(msgspec.Struct, frozen=True):
    """Documents in the order of their ids' bytes; `more` says whether others follow."""

    documents: Sequence[Document]
    more: bool


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """A search by exactly one of `query`, `vector` and `like` (the id of a document).

    `threshold` is the least score of a hit; None means 0.5 in mode vector, and no threshold in the other modes. With
    `prefix` the last word may be the beginning of one, with `typos` long words may have an error. `weight` is that of
    the vector's side in the weighted fusion of mode hybrid. With `explain` hits have the parts of their scores.
    """

    query: str | None = None
    vector: list[float] | None = None
    like: str | None = None
    top_k: int = 10
    threshold: float | None = None
    filter: JsonObject | None = None
    mode: Mode = "vector"
    prefix: bool = False
    typos: bool = False
    weight: float = 0.5
    fusion: Fusion = "weighted"
    explain: bool = False


class Part(msgspec.Struct, frozen=True):
    """One side of a score: the cosine or BM25; fused by weight also its value from 0 to 1, by ranks its rank from 1."""

    score: float
    normalized: float | None = None
    rank: int | None = None


class Explanation(msgspec.Struct, frozen=True):
    """The parts of a score; modes vector and text have one, and ranks those of the sides that found the document."""

    vector: Part | None = None
    text: Part | None = None


class Hit(msgspec.Struct, frozen=True):
    """A document found. `score`: the cosine, BM25, or in mode hybrid the weighted sum or that of reciprocal ranks."""

    id: str
    text: str
    score: float
    metadata: JsonObject
    explain: Explanation | None = None


class Found(msgspec.Struct, frozen=True):
    """The hits of each search, best first; tokens and truncation of the queries that were embedded; seconds.

    `words_ignored` words of all queries were left out of their rankings.
    """

    hits: list[list[Hit]]
    tokens: list[int]
    truncated: list[bool]
    timing: Timing
    search_s: float
    words_ignored: int = 0


class ReindexProgress(msgspec.Struct, frozen=True):
    """`done` of the `documents` have their new vector; `failure` says why reindexing stopped, if it did."""

    documents: int
    done: int
    failure: Failure | None = None


class CollectionState(msgspec.Struct, frozen=True):
    """`fingerprint` is that of the model whose vectors the collection holds."""

    name: str
    documents: int
    fingerprint: str
    state: State
    reindex: ReindexProgress | None = None
