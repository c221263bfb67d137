"""Documents and searches, as they cross the wall."""

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


class Include(msgspec.Struct, frozen=True):
    """What comes along with a document: its vector, its passages, with both their vectors, and its text, or ""."""

    vector: bool = False
    passages: bool = False
    text: bool = True


class Passage(msgspec.Struct, frozen=True, eq=False):
    """A part of a text, from `start` up to `end` in characters; `vector` (dimensions,) only where it was asked for."""

    start: int
    end: int
    vector: Rows | None = None


class Document(msgspec.Struct, frozen=True, eq=False):
    """A document that is read or written; it is gone from `expires_ms` on, Unix time, or lasts where that is None.

    `vector` (dimensions,) float32 and `passages` are there only where the call asked for them. The vector of a text of
    several passages is their mean, at unit length. Of a document to write `given` is its vector, of any length but 0:
    it stands for the whole text, which is then not embedded.
    """

    id: str
    text: str
    metadata: JsonObject = {}
    vector: Rows | None = None
    passages: Sequence[Passage] | None = None
    expires_ms: int | None = None
    given: list[float] | None = None


class Written(msgspec.Struct, frozen=True):
    """Documents are on the disk; `tokens`, of all passages, and `truncated` are those of their texts, in order."""

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
    """The outcome of one group of lines: which are refused, how many texts were cut, and the tokens of the texts.

    `held_s` is for how long the group was held up since the graph was far behind.
    """

    refused: list[RefusedLine]
    truncated: int
    tokens: int
    held_s: float = 0.0


class DocumentPage(msgspec.Struct, frozen=True):
    """Documents in the order of their ids' bytes; `more` says whether others follow."""

    documents: Sequence[Document]
    more: bool


class FacetValue(msgspec.Struct, frozen=True):
    """How many documents have a value in a field, by itself or in a list."""

    value: bool | int | float | str
    count: int


class Facet(msgspec.Struct, frozen=True):
    """The values of a field that most documents have, most first, and how many different ones there are."""

    values: list[FacetValue]
    distinct: int


class Projection(msgspec.Struct, frozen=True, eq=False):
    """Documents as points of a plane: `ids`, and where each stands, `x` and `y` (n,) float32.

    `documents` is how many match, of which these are all or evenly taken; the plane is that of all there are. `values`
    are those of a field, None where a document has no boolean, number or string in it; there are none where no field
    was asked for. A vector stands at `(vector - mean) @ components.T`: `mean` (dimensions,), `components` (2,
    dimensions); `explained` is the share of the variance along each. `state` is the same only while no document has
    changed.
    """

    documents: int
    ids: list[str]
    x: Rows
    y: Rows
    values: list[bool | int | float | str | None]
    mean: Rows
    components: Rows
    explained: list[float]
    state: str


class Wanted(msgspec.Struct, frozen=True):
    """What hits are to hold beside their scores; a `snippet` has at most so many characters, None is none."""

    text: bool = True
    metadata: bool = True
    vector: bool = False
    snippet: int | None = None


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """A search by exactly one of `query`, `vector` and `like` (the id of a document).

    `threshold` is the least score of a hit; None means the collection's in mode vector, and none in the other modes.
    With `prefix` the last word may be the beginning of one, with `typos` long words may have an error. `weight` is that
    of the vector's side in the weighted fusion of mode hybrid. With `explain` hits have the parts of their scores.

    `offset` hits are passed over. Of documents with one value in the metadata field `group_by` the `per_group` best are
    hits. `diversity`, from 0 to 1, has hits chosen by how little they resemble those before them, too.
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
    offset: int = 0
    group_by: str | None = None
    per_group: int = 1
    diversity: float | None = None
    wanted: Wanted = Wanted()


class Part(msgspec.Struct, frozen=True):
    """One side of a score: the cosine or BM25; fused by weight also its value from 0 to 1, by ranks its rank from 1."""

    score: float
    normalized: float | None = None
    rank: int | None = None


class Explanation(msgspec.Struct, frozen=True):
    """The parts of a score; modes vector and text have one, and ranks those of the sides that found the document."""

    vector: Part | None = None
    text: Part | None = None


class Mark(msgspec.Struct, frozen=True):
    """A word of the query in a snippet, from `start` up to `end` in characters of the snippet."""

    start: int
    end: int


class Snippet(msgspec.Struct, frozen=True):
    """The part of a text that says why it was found, from `start` up to `end` in characters of the document's text."""

    text: str
    start: int
    end: int
    marks: Sequence[Mark]


class Hit(msgspec.Struct, frozen=True, eq=False):
    """A document found.

    `score`: the cosine of its best passage, BM25, or in mode hybrid the weighted sum or that of reciprocal ranks.
    `passage` is where the best passage stands, where vectors were compared. `characters` is the length of the text,
    also where that is left out and "".
    """

    id: str
    text: str
    score: float
    metadata: JsonObject
    passage: Passage | None = None
    explain: Explanation | None = None
    characters: int = 0
    vector: Rows | None = None
    snippet: Snippet | None = None


class Found(msgspec.Struct, frozen=True):
    """The hits of each search, best first; tokens and truncation of the queries that were embedded; seconds.

    `words_ignored` words of all queries were left out of their rankings. `below_threshold` of the best that were asked
    for are no hits since they are below a threshold that the collection has, and the search left out.
    """

    hits: list[list[Hit]]
    tokens: list[int]
    truncated: list[bool]
    timing: Timing
    search_s: float
    words_ignored: int = 0
    below_threshold: int = 0
