"""Bodies of the routes that search."""

from typing import Annotated, Any, Literal

import msgspec

from server.contract.limits import MAX_TOP_K
from server.dialects.native.bodies.documents import Filter, Id, Text
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


class SearchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A search by one of `query`, `vector` and `like`, the id of a document to which the hits are similar."""

    query: Text | None = None
    vector: Vector | None = None
    like: Id | None = None
    top_k: TopK = 10
    threshold: Threshold | None = None
    filter: Filter | None = None
    mode: Mode = "vector"
    prefix: Prefix = False
    typos: Typos = False
    weight: Weight = 0.5
    fusion: Fusion = "weighted"
    explain: Explain = False


# The documentation shows these in place of SearchRequest: one of the three, and its modes.
class SearchByQuery(msgspec.Struct, forbid_unknown_fields=True):
    """A search for a text."""

    query: Text
    mode: Mode = "vector"
    top_k: TopK = 10
    threshold: Threshold | None = None
    filter: Filter | None = None
    prefix: Prefix = False
    typos: Typos = False
    weight: Weight = 0.5
    fusion: Fusion = "weighted"
    explain: Explain = False
    vector: None = None
    like: None = None


class SearchByVector(msgspec.Struct, forbid_unknown_fields=True):
    """A search for a vector that the model made elsewhere."""

    vector: Vector
    mode: Literal["vector"] = "vector"
    top_k: TopK = 10
    threshold: Threshold | None = None
    filter: Filter | None = None
    prefix: Prefix = False
    typos: Typos = False
    weight: Weight = 0.5
    fusion: Fusion = "weighted"
    explain: Explain = False
    query: None = None
    like: None = None


class SearchByLike(msgspec.Struct, forbid_unknown_fields=True):
    """A search for documents similar to the one with an id, without it; modes text and hybrid use its text."""

    like: Id
    mode: Mode = "vector"
    top_k: TopK = 10
    threshold: Threshold | None = None
    filter: Filter | None = None
    prefix: Prefix = False
    typos: Typos = False
    weight: Weight = 0.5
    fusion: Fusion = "weighted"
    explain: Explain = False
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


class SearchHit(msgspec.Struct, omit_defaults=True):
    """A document found. `score`: the cosine; in mode text BM25, in mode hybrid the weighted sum, from 0 to 1.

    `passage` is that of the best cosine; a text that is one passage has none, nor has mode text. `explain` is there
    where the search asks for it.
    """

    id: str
    text: str
    score: float
    metadata: dict[str, Any]
    passage: HitPassage | msgspec.UnsetType = msgspec.UNSET
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
