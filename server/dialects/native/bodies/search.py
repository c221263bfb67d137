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


# The documentation shows these in place of SearchRequest: one of the three, and its modes.
class SearchByQuery(msgspec.Struct, forbid_unknown_fields=True):
    """A search for a text."""

    query: Text
    mode: Mode = "vector"
    top_k: TopK = 10
    threshold: Threshold | None = None
    filter: Filter | None = None
    vector: None = None
    like: None = None


class SearchByVector(msgspec.Struct, forbid_unknown_fields=True):
    """A search for a vector that the model made elsewhere."""

    vector: Vector
    mode: Literal["vector"] = "vector"
    top_k: TopK = 10
    threshold: Threshold | None = None
    filter: Filter | None = None
    query: None = None
    like: None = None


class SearchByLike(msgspec.Struct, forbid_unknown_fields=True):
    """A search for documents similar to the one with an id, without it; modes text and hybrid use its text."""

    like: Id
    mode: Mode = "vector"
    top_k: TopK = 10
    threshold: Threshold | None = None
    filter: Filter | None = None
    query: None = None
    vector: None = None


class HitPassage(msgspec.Struct):
    """The best passage of a text, from `start` up to `end` in characters; a short text is one passage."""

    start: int
    end: int


class SearchHit(msgspec.Struct, omit_defaults=True):
    """A document found. `score`: the cosine; in mode text BM25, in mode hybrid the fused sum of ranks.

    `passage` is that of the best cosine; in mode text there is none.
    """

    id: str
    text: str
    score: float
    metadata: dict[str, Any]
    passage: HitPassage | msgspec.UnsetType = msgspec.UNSET


class SearchBatchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Several searches."""

    searches: list[SearchRequest]


class SearchBatch(msgspec.Struct, forbid_unknown_fields=True):
    """Several searches, each as it would be by itself."""

    searches: Annotated[list[Any], limited("searches")]


class SearchBatchResponse(msgspec.Struct):
    """The hits of each search, in the order of the searches."""

    results: list[list[SearchHit]]
