"""Bodies of the dialect of text-embeddings-inference."""

from typing import Annotated, Literal

import msgspec

from server.dialects.inputs import Given
from server.web.operations import limited

Direction = Literal["Left", "left", "Right", "right"]
ErrorType = Literal["Validation", "Tokenizer", "Empty", "Overloaded", "Backend", "Unhealthy"]
# The rows of every token are about 100 KB per text, and four times as much in JSON.
MAX_TEXTS_OF_TOKENS = 32
# The answer has about 70 bytes per token, many times the bytes of its texts.
MAX_BYTES = 131_072


class ErrorDocument(msgspec.Struct, frozen=True):
    """What went wrong."""

    error: str
    error_type: ErrorType


class EmbedRequest(msgspec.Struct):
    """One text or many, none of them empty; token ids only where the server accepts them."""

    inputs: Annotated[Given, limited("given")]
    truncate: bool | None = None
    truncation_direction: Direction | None = "Right"
    normalize: bool | None = True
    prompt_name: Annotated[str, limited("prompt")] | None = None
    dimensions: Annotated[int, msgspec.Meta(ge=1), limited("dimensions")] | None = None


class EmbedAllRequest(msgspec.Struct):
    """Texts or token ids as for /tei/embed, for the rows of every token."""

    inputs: Annotated[Given, msgspec.Meta(extra_json_schema={"maxItems": MAX_TEXTS_OF_TOKENS}), limited("given")]
    truncate: bool | None = None
    truncation_direction: Direction | None = "Right"
    prompt_name: Annotated[str, limited("prompt")] | None = None


class SimilarityInputs(msgspec.Struct):
    """A sentence, and the sentences to compare it with."""

    source_sentence: Annotated[str, limited("text")]
    sentences: Annotated[list[Annotated[str, limited("text")]], limited("texts but one")]


class SimilarityParameters(msgspec.Struct):
    """How the sentences are embedded."""

    truncate: bool | None = None
    truncation_direction: Direction | None = "Right"
    prompt_name: Annotated[str, limited("prompt")] | None = None


class SimilarityRequest(msgspec.Struct):
    """Sentences to compare."""

    inputs: SimilarityInputs
    parameters: SimilarityParameters | None = None


class RootRequest(msgspec.Struct):
    """What Hugging Face's client sends: texts to embed or, where `inputs` is an object, to compare."""

    inputs: Annotated[Given | SimilarityInputs, limited("given")]
    truncate: bool | None = None
    truncation_direction: Direction | None = "Right"
    normalize: bool | None = True
    prompt_name: Annotated[str, limited("prompt")] | None = None
    dimensions: Annotated[int, msgspec.Meta(ge=1), limited("dimensions")] | None = None
    parameters: SimilarityParameters | None = None


class TokenizeRequest(msgspec.Struct):
    """One text or many, of 131,072 bytes together."""

    inputs: Annotated[str | list[str], msgspec.Meta(extra_json_schema={"maxLength": MAX_BYTES}), limited("given texts")]
    add_special_tokens: bool = True
    prompt_name: Annotated[str, limited("prompt")] | None = None


class DecodeRequest(msgspec.Struct):
    """The token ids of one text, or of many."""

    ids: Annotated[list[int | list[int]], limited("ids")]
    skip_special_tokens: bool = True


class OpenAIRequest(msgspec.Struct):
    """OpenAI's request; the model may be left out, and its name is ignored."""

    input: Annotated[Given, limited("given")]
    model: str | None = None
    encoding_format: Literal["float", "base64"] | None = "float"
    dimensions: Annotated[int, msgspec.Meta(ge=1), limited("dimensions")] | None = None
    user: str | None = None


class Pooling(msgspec.Struct):
    """How a text's tokens become its row."""

    pooling: str


class ModelType(msgspec.Struct):
    """What the model does."""

    embedding: Pooling


class Info(msgspec.Struct, kw_only=True):
    """The model and the limits."""

    model_id: str
    model_sha: str | None
    model_dtype: str
    model_type: ModelType
    max_concurrent_requests: int
    max_input_length: int
    max_batch_tokens: int
    max_batch_requests: int | None = None
    max_client_batch_size: int
    auto_truncate: bool
    tokenization_workers: int
    version: str
    sha: str | None = None
    docker_label: str | None = None
