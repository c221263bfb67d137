"""OpenAI's dialect: POST /v1/embeddings, GET /v1/models and /v1/models/{id}, as its official clients call them.

Source: OpenAI's API reference, embeddings and models.
"""

import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from server.contract.embedding import Embeddings, Rows
from server.contract.errors import OverloadedError, ServerError, UnknownModelError
from server.dialects.asked import Asked, on_get, on_post
from server.dialects.inputs import input_limits, read_inputs
from server.dialects.openai.bodies import (
    EmbeddingsRequest,
    EmbeddingsResponse,
    ErrorBody,
    ErrorDocument,
    Model,
    ModelList,
)
from server.web.dialect import Dialect, ErrorAnswer, Problem
from server.web.encoding import encode_array, encode_base64
from server.web.errors import RateError, UnauthorizedError
from server.web.operations import Example, Link, Operation, Parameter, limited
from server.web.replies import Reply

# This dialect's names for parameters of the contract's errors.
NAMES = {"texts": "input"}


def answer_error(problem: Problem) -> ErrorAnswer:
    """Answer 400 in place of 422, as OpenAI does, with the type and code that its clients expect."""
    status, error = problem.status, problem.error
    if status is HTTPStatus.UNPROCESSABLE_ENTITY:
        status = HTTPStatus.BAD_REQUEST
    kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    code = None
    match error:
        case UnauthorizedError():
            code = "invalid_api_key"
        case UnknownModelError():
            code = "model_not_found"
        case RateError(parameter=thing):
            kind, code = str(thing), "rate_limit_exceeded"
        case OverloadedError():
            kind, code = "server_error", "overloaded"
    parameter = None
    if isinstance(error, ServerError) and error.parameter and not isinstance(error, RateError):
        parameter = NAMES.get(error.parameter, error.parameter)
    return ErrorAnswer(status, ErrorDocument(ErrorBody(message=problem.detail, type=kind, param=parameter, code=code)))


OPENAI = Dialect(
    name="OpenAI",
    about="What OpenAI's clients call: base URL `http://host:8000/v1`. Unknown fields are ignored.",
    prefix="/v1",
    answer_error=answer_error,
    error=ErrorDocument,
)


EMBEDDINGS = Operation(
    id="openai_embeddings",
    summary="Embed texts",
    scope="embed",
    purpose="embed",
    request=EmbeddingsRequest,
    response=EmbeddingsResponse,
    errors=(HTTPStatus.NOT_FOUND,),
    example=Example(
        {"input": "Hello world", "model": "all-MiniLM-L6-v2"},
        {
            "object": "list",
            "data": [{"object": "embedding", "embedding": [0.0124, -0.0385], "index": 0}],
            "model": "all-MiniLM-L6-v2",
            "usage": {"prompt_tokens": 4, "total_tokens": 4},
        },
    ),
)


@on_post("/v1/embeddings", EMBEDDINGS)
async def embeddings(asked: Asked) -> Reply:
    data = await asked.body(EmbeddingsRequest)
    asked.context.names.check(data.model)
    return await embed_openai(asked, data)


async def embed_openai(asked: Asked, data: EmbeddingsRequest) -> Reply:
    """Answer a request whose model is checked; the dialect of text-embeddings-inference has the same route."""
    texts = read_inputs(data.input, "input", input_limits(asked.settings))
    found = await asked.charging.embed(texts, asked.demand(dimensions=data.dimensions))
    start_s, tokens = time.perf_counter(), sum(found.tokens)
    content = {
        "object": "list",
        "data": await _rows(found, base64=data.encoding_format == "base64"),
        "model": data.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
    return asked.reply_embeddings(content, found, start_s)


async def _rows(found: Embeddings, *, base64: bool) -> Any:
    rows: Rows | Sequence[str] = [encode_base64(row) for row in found.rows] if base64 else found.rows

    def part(some: slice) -> list[dict[str, Any]]:
        return [
            {"object": "embedding", "embedding": row, "index": index}
            for index, row in enumerate(rows[some], start=some.start)
        ]

    return await encode_array(len(rows), found.rows.shape[1], part)


TO_MODEL = Link(
    name="model",
    about="The first of the names.",
    method="GET",
    path="/v1/models/{name:path}",
    parameters={"name": "$response.body#/data/0/id"},
)


@on_get(
    "/v1/models",
    Operation(id="openai_models", summary="List the model's names", scope="any", response=ModelList, links=(TO_MODEL,)),
)
async def models(asked: Asked) -> Reply:
    return asked.reply(ModelList(data=[_model(name, asked) for name in asked.context.names.all]))


@on_get(
    "/v1/models/{name:path}",
    Operation(
        id="openai_model",
        summary="Show the model under one of its names",
        scope="any",
        response=Model,
        parameters=(
            Parameter(
                name="name",
                place="path",
                kind=Annotated[str, limited("model")],
                about="the name; a slash in it may be encoded or not",
                required=True,
            ),
        ),
        errors=(HTTPStatus.NOT_FOUND,),
    ),
)
async def model(asked: Asked) -> Reply:
    name = asked.parameter("name").lstrip("/")
    asked.context.names.check(name)
    return asked.reply(_model(name, asked))


def _model(name: str, asked: Asked) -> Model:
    return Model(id=name, created=int(asked.facts.started.timestamp()))


ROUTES = [embeddings, models, model]
