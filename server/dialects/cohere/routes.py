"""Cohere's dialect: POST /v2/embed, as its ClientV2 calls it.

Source: Cohere's API reference, v2/embed. Cohere's models compute the integer types; here they are made from the float
row: int8 by its largest value, the binary ones by sign.
"""

import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
import numpy as np

from server.contract.embedding import Rows
from server.contract.errors import InvalidInputError
from server.contract.facts import Facts
from server.dialects.asked import Asked, on_post
from server.dialects.cohere.bodies import EmbedRequest, EmbedResponse, ErrorDocument, Kind
from server.web.dialect import Dialect, ErrorAnswer, Problem
from server.web.encoding import encode_array, encode_base64
from server.web.operations import Example, Operation
from server.web.replies import Reply


def answer_error(problem: Problem) -> ErrorAnswer:
    return ErrorAnswer(problem.status, ErrorDocument(problem.detail))


COHERE = Dialect(
    name="Cohere",
    about="What Cohere's ClientV2 calls: base URL `http://host:8000`. Unknown fields are ignored.",
    prefix="/v2",
    answer_error=answer_error,
    error=ErrorDocument,
)


def to_int8(rows: Rows) -> Any:
    """Return round(127·x/max|x|) of each row; zeros stay zeros."""
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0)
    scaled = np.divide(127 * rows, largest, out=np.zeros_like(rows), where=largest > 0)
    return np.rint(scaled).astype(np.int8)


def to_ubinary(rows: Rows) -> Any:
    """Return the bits of x > 0, eight to a byte, the first one the highest."""
    return np.packbits(rows > 0, axis=1)


DEFAULT: tuple[Kind, ...] = ("float",)
CONVERSIONS: dict[Kind, Callable[[Rows], Any]] = {
    "float": lambda rows: rows,
    "int8": to_int8,
    "uint8": lambda rows: (to_int8(rows).astype(np.int16) + 128).astype(np.uint8),
    "binary": lambda rows: (to_ubinary(rows).astype(np.int16) - 128).astype(np.int8),
    "ubinary": to_ubinary,
    "base64": lambda rows: [encode_base64(row) for row in rows],
}


# Packed bits come eight to a byte.
WHOLE_BYTES = msgspec.Meta(
    extra_json_schema={
        "if": {
            "properties": {"embedding_types": {"type": "array", "contains": {"enum": ["binary", "ubinary"]}}},
            "required": ["embedding_types"],
        },
        "then": {"properties": {"output_dimension": {"multipleOf": 8}}},
    }
)


@on_post(
    "/v2/embed",
    Operation(
        id="cohere_embed",
        summary="Embed texts",
        scope="embed",
        purpose="embed",
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
async def embed(asked: Asked) -> Reply:
    data = await asked.body(EmbedRequest)
    asked.context.names.check(data.model)
    demand = asked.demand(
        dimensions=_dimensions(data, asked.facts.dimensions),
        prompt=_prompt(data, asked.facts),
        truncate=data.truncate != "NONE",
        truncation_side="left" if data.truncate == "START" else "right",
    )
    found = await asked.charging.embed(data.texts, demand)
    start_s, rows = time.perf_counter(), found.rows
    kinds = dict.fromkeys(data.embedding_types or DEFAULT)
    content = {
        "id": str(uuid.uuid4()),
        "response_type": "embeddings_by_type",
        "embeddings": {kind: await _encode(rows, CONVERSIONS[kind]) for kind in kinds},
        "texts": data.texts,
        "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": sum(found.tokens)}},
    }
    return asked.reply_embeddings(content, found, start_s)


async def _encode(rows: Rows, convert: Callable[[Rows], Any]) -> Any:
    return await encode_array(len(rows), rows.shape[1], lambda part: convert(rows[part]))


def _prompt(data: EmbedRequest, facts: Facts) -> str | None:
    """Return the model's prompt for this type of input, if it has one."""
    prompts = {"search_query": facts.query_prompt, "search_document": facts.document_prompt}
    return prompts.get(data.input_type or "")


def _dimensions(data: EmbedRequest, all_dimensions: int) -> int | None:
    packed = {"binary", "ubinary"} & set(data.embedding_types or ())
    if packed and (data.output_dimension or all_dimensions) % 8:
        message = "output_dimension must be a multiple of 8 for packed bits"
        raise InvalidInputError(message, "output_dimension")
    return data.output_dimension


ROUTES = [embed]
