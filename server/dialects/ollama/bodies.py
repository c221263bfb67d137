"""Bodies of Ollama's dialect. Durations are nanoseconds."""

from typing import Annotated, Literal

import msgspec

from server.web.operations import limited

# The model never expires.
NEVER = "9999-12-31T23:59:59Z"


class ErrorDocument(msgspec.Struct, frozen=True):
    """What went wrong."""

    error: str


class EmbedRequest(msgspec.Struct):
    """One text or many; `keep_alive` and `options` are ignored."""

    model: Annotated[str, limited("model")]
    input: Annotated[str | list[str], limited("given, or nothing")] = msgspec.field(default_factory=list)
    truncate: bool | None = None
    dimensions: Annotated[int, msgspec.Meta(ge=1), limited("dimensions")] | None = None


class EmbedResponse(msgspec.Struct):
    """A row for each text; `load_duration` is the time that reading the body took."""

    model: str
    embeddings: list[list[float]]
    total_duration: int
    load_duration: int
    prompt_eval_count: int


class PromptRequest(msgspec.Struct):
    """One text, as older clients send it."""

    model: Annotated[str, limited("model")]
    prompt: Annotated[str, limited("text")] = ""


class PromptResponse(msgspec.Struct):
    """The row of the text; empty where there was no text."""

    embedding: list[float]


class Details(msgspec.Struct, kw_only=True):
    """The kind of the model."""

    parent_model: str = ""
    format: str = "onnx"
    family: str
    families: list[str]
    parameter_size: str
    quantization_level: str


class ListedModel(msgspec.Struct, kw_only=True):
    """One name of the model; `digest` is vecd's fingerprint of it."""

    name: str
    model: str
    modified_at: str
    size: int
    digest: str
    details: Details


class ModelList(msgspec.Struct):
    """Every name of the model."""

    models: list[ListedModel]


class RunningModel(ListedModel, kw_only=True):
    """A model that is loaded; it never expires."""

    expires_at: str = NEVER
    size_vram: int


class RunningList(msgspec.Struct):
    """The models that are loaded."""

    models: list[RunningModel]


class ShowRequest(msgspec.Struct):
    """A name of the model; older clients say `name`."""

    model: Annotated[str, limited("model")] = ""
    name: str = ""


class ShowResponse(msgspec.Struct, kw_only=True):
    """What the model is and can do."""

    modelfile: str = ""
    parameters: str = ""
    template: str = ""
    license: str
    modified_at: str
    details: Details
    model_info: dict[str, str | int | float]
    capabilities: list[Literal["embedding"]] = msgspec.field(default_factory=lambda: ["embedding"])


class VersionResponse(msgspec.Struct):
    """vecd's own version."""

    version: str
