"""Bodies of the routes that embed."""

from typing import Annotated

import msgspec

from server.contract.embedding import Truncate
from server.web.operations import limited


class EmbedRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Texts to embed; the list may be empty, and an empty text is embedded like any other."""

    texts: Annotated[list[Annotated[str, limited("text")]], limited("texts")]
    cache: Annotated[bool, msgspec.Meta(description="false neither reads nor fills the cache")] = True
    normalize: Annotated[bool, msgspec.Meta(description="false gives the pooled vector without normalization")] = True
    dimensions: (
        Annotated[
            int,
            msgspec.Meta(ge=1, description="keeps the first dimensions, and normalizes again"),
            limited("dimensions"),
        ]
        | None
    ) = None
    prompt: (
        Annotated[
            str,
            limited("prompt"),
            msgspec.Meta(description="the name of a prompt of the model, which is put before each text"),
        ]
        | None
    ) = None
    truncate: (
        Annotated[
            Truncate,
            msgspec.Meta(
                description="what becomes of a text that is longer than the model's maximum: true cuts it, false "
                "refuses it, and windows embeds all of it, one window of the model's length after the other, and gives "
                "the mean by tokens; left out, the query's parameter or the server's setting decides"
            ),
        ]
        | None
    ) = None


class EmbedResponse(msgspec.Struct):
    """A row for each text; `cached_count` counts the texts that were in the cache when the request arrived.

    `tokens` has the tokens that were embedded of each text, special ones included: of windows, those of all.
    """

    embeddings: list[list[float]]
    dimensions: int
    cached_count: int
    tokens: list[int]
    truncated: list[bool]


class BatchResponse(msgspec.Struct):
    """A row for each text."""

    embeddings: list[list[float]]
    dimensions: int


class SimilarityRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Two lists of texts to compare; without `b`, `a` is compared with itself."""

    a: Annotated[list[Annotated[str, limited("text")]], limited("half")]
    b: Annotated[list[Annotated[str, limited("text")]], limited("half")] | None = None


class SimilarityResponse(msgspec.Struct):
    """Cosines: a row for each of `a`, a column for each of `b`."""

    similarity: list[list[float]]
