"""Bodies of Cohere's dialect."""

from typing import Annotated, Literal

import msgspec

from server.web.operations import limited

MAX_TEXTS = 96
Kind = Literal["float", "int8", "uint8", "binary", "ubinary", "base64"]


class ErrorDocument(msgspec.Struct, frozen=True):
    """What went wrong."""

    message: str


class EmbedRequest(msgspec.Struct, kw_only=True):
    """Texts to embed; `truncate` is the end that is cut off, or NONE, which refuses a text that is too long."""

    model: Annotated[str, limited("model")]
    texts: Annotated[list[Annotated[str, limited("text")]], msgspec.Meta(max_length=MAX_TEXTS), limited("texts")]
    input_type: Literal["search_document", "search_query", "classification", "clustering"] | None = None
    embedding_types: Annotated[list[Kind], msgspec.Meta(min_length=1)] | None = None
    output_dimension: Annotated[int, msgspec.Meta(ge=1), limited("dimensions")] | None = None
    truncate: Literal["NONE", "START", "END"] | None = "END"


class EmbeddingsByType(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A row for each text in each type that was asked for."""

    float_: list[list[float]] | None = msgspec.field(name="float", default=None)
    int8: list[list[int]] | None = None
    uint8: list[list[int]] | None = None
    binary: list[list[int]] | None = None
    ubinary: list[list[int]] | None = None
    base64: list[str] | None = None


class ApiVersion(msgspec.Struct):
    """The version of the dialect."""

    version: str = "2"


class BilledUnits(msgspec.Struct):
    """The model's tokens of the request."""

    input_tokens: int


class Meta(msgspec.Struct, kw_only=True):
    """What was used."""

    api_version: ApiVersion
    billed_units: BilledUnits


class EmbedResponse(msgspec.Struct, kw_only=True):
    """The rows, and the texts again."""

    id: str
    response_type: Literal["embeddings_by_type"] = "embeddings_by_type"
    embeddings: EmbeddingsByType
    texts: list[str]
    meta: Meta
