"""Bodies of OpenAI's dialect."""

from typing import Annotated, Literal

import msgspec

from server.dialects.inputs import Given
from server.web.operations import limited


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong; `param` is the field that is wrong, `code` a word for programs."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorDocument(msgspec.Struct, frozen=True):
    """The envelope of an error."""

    error: ErrorBody


class EmbeddingsRequest(msgspec.Struct):
    """`input` is one text or many, none of them empty; token ids only where the server accepts them."""

    input: Annotated[Given, limited("given")]
    model: Annotated[str, limited("model")]
    encoding_format: Literal["float", "base64"] | None = "float"
    dimensions: Annotated[int, msgspec.Meta(ge=1), limited("dimensions")] | None = None
    user: str | None = None


class Embedding(msgspec.Struct, kw_only=True):
    """One text's row, as numbers or as little-endian float32 in base64."""

    object: Literal["embedding"] = "embedding"
    embedding: list[float] | str
    index: int


class Usage(msgspec.Struct):
    """Tokens of the request."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsResponse(msgspec.Struct, kw_only=True):
    """A row for each text, in order."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: Usage


class Model(msgspec.Struct, kw_only=True):
    """A name of the model; `created` is the Unix time at which the server started."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "vecd"


class ModelList(msgspec.Struct, kw_only=True):
    """Every name of the model."""

    object: Literal["list"] = "list"
    data: list[Model]
