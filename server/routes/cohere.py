"""Cohere's dialect: POST /v2/embed, as its ClientV2 calls it.

Source: Cohere's API reference, v2/embed. Its integer types come from the model there; here they are computed from the
float row: int8 by its largest value, the binary ones by sign.
"""

import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
import numpy as np
from litestar import Request

from server.bodies.cohere import (
    EmbedRequest,
    EmbedResponse,
    ErrorDocument,
    Kind,
)
from server.caller import caller_of
from server.daemon import Daemon, daemon_of
from server.decoding import decode_body
from server.dialects import Dialect, Problem, Told
from server.embedding import Options
from server.encoding import encode_array, encode_base64, reply_json
from server.errors import InvalidInputError
from server.operations import Example, Operation, posted
from server.replies import Reply
from server.work import Rows

# What models with prompts call the one for these; all-MiniLM-L6-v2 has none.
PROMPTS = {"search_query": ("query", "search_query"), "search_document": ("passage", "document", "search_document")}


def tell(problem: Problem) -> Told:
    """Return an error as Cohere's client raises it."""
    return Told(problem.status, ErrorDocument(problem.detail))


COHERE = Dialect(
    name="Cohere",
    about="What Cohere's ClientV2 calls: base URL `http://host:8000`. Unknown fields are ignored.",
    prefix="/v2",
    tell=tell,
    error=ErrorDocument,
)


def to_int8(rows: Rows) -> Any:
    """Return round(127·x/max|x|) of each row; a row of zeros stays one."""
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0)
    scaled = np.divide(127 * rows, largest, out=np.zeros_like(rows), where=largest > 0)
    return np.rint(scaled).astype(np.int8)


def to_ubinary(rows: Rows) -> Any:
    """Return the bits of x > 0, eight to a byte, the first one highest."""
    return np.packbits(rows > 0, axis=1)


DEFAULT: tuple[Kind, ...] = ("float",)
TYPES: dict[Kind, Callable[[Rows], Any]] = {
    "float": lambda rows: rows,
    "int8": to_int8,
    "uint8": lambda rows: (to_int8(rows).astype(np.int16) + 128).astype(np.uint8),
    "binary": lambda rows: (to_ubinary(rows).astype(np.int16) - 128).astype(np.int8),
    "ubinary": to_ubinary,
    "base64": lambda rows: [encode_base64(row) for row in rows],
}


# Eight numbers make a byte.
WHOLE_BYTES = msgspec.Meta(
    extra_json_schema={
        "if": {
            "properties": {"embedding_types": {"type": "array", "contains": {"enum": ["binary", "ubinary"]}}},
            "required": ["embedding_types"],
        },
        "then": {"properties": {"output_dimension": {"multipleOf": 8}}},
    }
)


@posted(
    "/v2/embed",
    Operation(
        summary="Embed texts",
        scope="embed",
        request=Annotated[EmbedRequest, WHOLE_BYTES],
        response=EmbedResponse,
        errors=(HTTPStatus.NOT_FOUND,),
        example=Example(
            {"model": "all-MiniLM-L6-v2", "input_type": "search_query", "texts": ["Hello world"]},
            {
                "id": "4b3c2a4e-7a53-4c9e-8a3f-0f7a3a3c9a57",
                "response_type": "embeddings_by_type",
                "embeddings": {"float": [[0.0124, -0.0385]]},
                "texts": ["Hello world"],
                "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 4}},
            },
        ),
    ),
)
async def embed(request: Request[Any, Any, Any]) -> Reply:
    """Embed texts."""
    data, daemon = await decode_body(request, EmbedRequest), daemon_of(request)
    daemon.names.check(data.model)
    options = Options(
        caller=caller_of(request.scope),
        dimensions=_dimensions(data, daemon),
        prompt=_prompt(data, daemon),
        truncate=data.truncate != "NONE",
        kept="end" if data.truncate == "START" else "start",
    )
    found = await daemon.embedder.embed(data.texts, options)
    start_s, rows = time.perf_counter(), found.rows
    kinds = dict.fromkeys(data.embedding_types or DEFAULT)
    content = {
        "id": str(uuid.uuid4()),
        "response_type": "embeddings_by_type",
        "embeddings": {kind: await _encode(rows, TYPES[kind]) for kind in kinds},
        "texts": data.texts,
        "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": sum(found.tokens)}},
    }
    return reply_json(content, found, daemon.metrics, start_s)


async def _encode(rows: Rows, convert: Callable[[Rows], Any]) -> Any:
    return await encode_array(len(rows), rows.shape[1], lambda part: convert(rows[part]))


def _dimensions(data: EmbedRequest, daemon: Daemon) -> int | None:
    packed = {"binary", "ubinary"} & set(data.embedding_types or ())
    if packed and (data.output_dimension or daemon.manifest.dimensions) % 8:
        message = "output_dimension must be a multiple of 8 for packed bits"
        raise InvalidInputError(message, "output_dimension")
    return data.output_dimension


def _prompt(data: EmbedRequest, daemon: Daemon) -> str | None:
    """Return the model's prompt for this type of input, if it has one."""
    wanted = PROMPTS.get(data.input_type or "", ())
    return next((name for name in wanted if name in daemon.manifest.prompts), None)


ROUTES = [embed]
