"""Bodies of the routes that search."""

from typing import Annotated, Any, Literal

import msgspec

from server.contract.limits import MAX_PER_GROUP, MAX_SNIPPET_CHARACTERS, MAX_TOP_K, MIN_SNIPPET_CHARACTERS
from server.dialects.native.bodies.documents import Filter, IdOrInteger, Row, Text
from server.web.operations import limited

TopK = Annotated[int, msgspec.Meta(ge=1, le=MAX_TOP_K, description="how many hits at most")]
Threshold = Annotated[
    float,
    msgspec.Meta(
        description="the least score of a hit, less a millionth in mode vector, so that 1 finds what is equal; by "
        "default the collection's in mode vector, and none in the others; -1 leaves nothing out in any mode"
    ),
]
Mode = Literal["vector", "text", "hybrid"]
Prefix = Annotated[bool, msgspec.Meta(description="the last word may be the beginning of one; nothing to mode vector")]
Typos = Annotated[
    bool,
    msgspec.Meta(
        description="words of five letters and more are found with one letter more, less or changed, too; nothing to "
        "mode vector"
    ),
]
Weight = Annotated[
    float,
    msgspec.Meta(
        ge=0, le=1, description="of the vector's side in the weighted sum of mode hybrid, the rest is that of the words"
    ),
]
Fusion = Annotated[
    Literal["weighted", "rrf"],
    msgspec.Meta(
        description="what mode hybrid adds: normalized scores by `weight`, or reciprocal ranks, which have no weight"
    ),
]
Explain = Annotated[bool, msgspec.Meta(description="hits tell the parts of their scores")]
Vector = Annotated[
    list[float],
    limited("vector"),
    msgspec.Meta(description="finite numbers, not all zero; only its direction counts, not its length"),
]


Offset = Annotated[
    int,
    msgspec.Meta(
        ge=0, lt=MAX_TOP_K, description=f"how many hits are passed over; with `top_k` {MAX_TOP_K:,} together at most"
    ),
]
GroupBy = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        description="a field of the metadata: of documents with the same boolean, number or string in it the "
        "`per_group` best are hits; those without one stand for themselves",
    ),
]
PerGroup = Annotated[int, msgspec.Meta(ge=1, le=MAX_PER_GROUP, description="with `group_by`: how many of a group")]
HitField = Literal["id", "text", "score", "metadata", "passage", "vector"]
Fields = Annotated[list[HitField], msgspec.Meta(description="what hits have; left out, everything but the vector")]


class Mmr(msgspec.Struct, forbid_unknown_fields=True):
    """Maximal marginal relevance: each hit is the one that is best and resembles the hits before it least."""

    diversity: Annotated[
        float, msgspec.Meta(ge=0, le=1, description="how much resemblance counts; at 0 hits come as they are ranked")
    ] = 0.5


class SnippetOptions(msgspec.Struct, forbid_unknown_fields=True):
    """How long a snippet may be."""

    max_characters: Annotated[int, msgspec.Meta(ge=MIN_SNIPPET_CHARACTERS, le=MAX_SNIPPET_CHARACTERS)] = 200


AskedSnippet = Annotated[
    SnippetOptions | bool,
    msgspec.Meta(description="true adds the part of the text that says why it was found, of at most 200 characters"),
]


class SearchOptions(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What every search may say."""

    mode: Mode = "vector"
    top_k: TopK = 10
    offset: Offset = 0
    threshold: Threshold | None = None
    filter: Filter | None = None
    fields: Fields | None = None
    snippet: AskedSnippet = False
    group_by: GroupBy | None = None
    per_group: PerGroup = 1
    mmr: Mmr | None = None
    prefix: Prefix = False
    typos: Typos = False
    weight: Weight = 0.5
    fusion: Fusion = "weighted"
    explain: Explain = False


class SearchRequest(SearchOptions, forbid_unknown_fields=True, kw_only=True):
    """A search by one of `query`, `vector` and `like`, the id of a document to which the hits are similar."""

    query: Text | None = None
    vector: Vector | None = None
    like: IdOrInteger | None = None


# The documentation shows these in place of SearchRequest: one of the three, and its modes.
class SearchByQuery(SearchOptions, forbid_unknown_fields=True, kw_only=True):
    """A search for a text."""

    query: Text
    vector: None = None
    like: None = None


class SearchByVector(SearchOptions, forbid_unknown_fields=True, kw_only=True):
    """A search for a vector that the model made elsewhere."""

    vector: Vector
    mode: Literal["vector"] = "vector"  # the others need words
    query: None = None
    like: None = None


class SearchByLike(SearchOptions, forbid_unknown_fields=True, kw_only=True):
    """A search for documents similar to the one with an id, without it; modes text and hybrid use its text."""

    like: IdOrInteger
    query: None = None
    vector: None = None


class HitPassage(msgspec.Struct):
    """The best passage of a text of several, from `start` up to `end` in characters."""

    start: int
    end: int


class ScorePart(msgspec.Struct, omit_defaults=True):
    """One side of a score: the cosine or BM25. The weighted fusion adds `normalized`, that of ranks goes by `rank`."""

    score: float
    normalized: Annotated[float, msgspec.Meta(ge=0, le=1)] | msgspec.UnsetType = msgspec.UNSET
    rank: Annotated[int, msgspec.Meta(ge=1)] | msgspec.UnsetType = msgspec.UNSET


class ScoreParts(msgspec.Struct, omit_defaults=True):
    """The parts of a score: both in mode hybrid, the one in the others; of fused ranks those that the document has."""

    vector: ScorePart | msgspec.UnsetType = msgspec.UNSET
    text: ScorePart | msgspec.UnsetType = msgspec.UNSET


class Mark(msgspec.Struct):
    """A word of the query, from `start` up to `end` in characters of the snippet."""

    start: int
    end: int


class Snippet(msgspec.Struct):
    """A part of the text, from `start` up to `end` in characters of it; `marks` are the words of the query in it."""

    text: str
    start: int
    end: int
    marks: list[Mark]


class SearchHit(msgspec.Struct, omit_defaults=True):
    """A document found. `score`: the cosine; in mode text BM25, in mode hybrid the weighted sum, from 0 to 1.

    `passage` is that of the best cosine; a text that is one passage has none, nor has mode text. `fields` of the search
    say which of the first six are there; `snippet` and `explain` are there where the search asks for them. `vector` is
    the document's: of a text of several passages their mean.
    """

    id: str | msgspec.UnsetType = msgspec.UNSET
    text: str | msgspec.UnsetType = msgspec.UNSET
    score: float | msgspec.UnsetType = msgspec.UNSET
    metadata: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    vector: Row | msgspec.UnsetType = msgspec.UNSET
    passage: HitPassage | msgspec.UnsetType = msgspec.UNSET
    snippet: Snippet | msgspec.UnsetType = msgspec.UNSET
    explain: ScoreParts | msgspec.UnsetType = msgspec.UNSET


class SearchBatchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Several searches."""

    searches: list[SearchRequest]


class SearchBatch(msgspec.Struct, forbid_unknown_fields=True):
    """Several searches, each as it would be by itself."""

    searches: Annotated[list[Any], limited("searches")]


class SearchBatchResponse(msgspec.Struct):
    """The hits of each search, in the order of the searches."""

    results: list[list[SearchHit]]
