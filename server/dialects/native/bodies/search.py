"""What is asked of a search, and what it finds."""

from typing import Annotated, Any, Literal

import msgspec

from server.contract.limits import MAX_TOP_K
from server.dialects.native.bodies.documents import Filter, Id, Text
from server.web.operations import limited

TopK = Annotated[int, msgspec.Meta(ge=1, le=MAX_TOP_K, description="how many hits at most")]
Threshold = Annotated[
    float,
    msgspec.Meta(description="the least score of a hit; without it 0.5 in mode vector, and any in the others"),
]
Mode = Literal["vector", "text", "hybrid"]
Vector = Annotated[
    list[float],
    limited("vector"),
    msgspec.Meta(description="finite numbers; its direction counts, not its length, so that zero is none"),
]


class SearchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A search by one of `query`, `vector` and `like`, which is the id of a document: the others that are like it."""

    query: Text | None = None
    vector: Vector | None = None
    like: Id | None = None
    top_k: TopK = 10
    threshold: Threshold | None = None
    filter: Filter | None = None
    mode: Mode = "vector"


# What the documentation says in place of SearchRequest: one of the three, and in which modes.
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
    """A search for a vector of the model's, made elsewhere."""

    vector: Vector
    mode: Literal["vector"] = "vector"
    top_k: TopK = 10
    threshold: Threshold | None = None
    filter: Filter | None = None
    query: None = None
    like: None = None


class SearchByLike(msgspec.Struct, forbid_unknown_fields=True):
    """A search for what is like the document of an id, without itself; modes text and hybrid take its text, too."""

    like: Id
    mode: Mode = "vector"
    top_k: TopK = 10
    threshold: Threshold | None = None
    filter: Filter | None = None
    query: None = None
    vector: None = None


class SearchHit(msgspec.Struct):
    """A document found. `score`: the cosine; in mode text the negated bm25, in mode hybrid the fused sum of ranks."""

    id: str
    text: str
    score: float
    metadata: dict[str, Any]


class SearchBatchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Several searches."""

    searches: list[SearchRequest]


class SearchBatch(msgspec.Struct, forbid_unknown_fields=True):
    """Several searches, each as it would be by itself."""

    searches: Annotated[list[Any], limited("searches")]


class SearchBatchResponse(msgspec.Struct):
    """The hits of each search, in the order of the searches."""

    results: list[list[SearchHit]]
