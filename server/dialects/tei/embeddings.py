"""The dialect of text-embeddings-inference, under /tei: what its clients and Hugging Face's call.

Source: the OpenAPI document of text-embeddings-inference. Where `inputs` is an object, POST /tei compares texts.
"""

import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from server.contract.embedding import Demand, Embeddings, Input
from server.contract.errors import EmptyInputError, InvalidInputError
from server.dialects.asked import Asked, on_post
from server.dialects.inputs import input_limits, read_inputs
from server.dialects.openai.bodies import EmbeddingsRequest, EmbeddingsResponse
from server.dialects.openai.routes import embed_openai
from server.dialects.tei.bodies import (
    MAX_TEXTS_OF_TOKENS,
    EmbedAllRequest,
    EmbedRequest,
    ErrorDocument,
    ErrorType,
    OpenAIRequest,
    RootRequest,
    SimilarityInputs,
    SimilarityParameters,
    SimilarityRequest,
)
from server.web.dialect import Dialect, ErrorAnswer, Problem
from server.web.encoding import encode_rows
from server.web.operations import Example, Operation
from server.web.replies import Reply

ERROR_TYPES: dict[HTTPStatus, ErrorType] = {
    HTTPStatus.TOO_MANY_REQUESTS: "Overloaded",
    HTTPStatus.GATEWAY_TIMEOUT: "Overloaded",
    HTTPStatus.SERVICE_UNAVAILABLE: "Unhealthy",
    HTTPStatus.FAILED_DEPENDENCY: "Backend",
}


def answer_error(problem: Problem) -> ErrorAnswer:
    """Answer as the original does: 422 for a wrong request, 424 for a fault of the server."""
    status = problem.status
    if isinstance(problem.error, EmptyInputError):
        return ErrorAnswer(status, ErrorDocument(problem.detail, "Empty"))
    if status is HTTPStatus.BAD_REQUEST:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        status = HTTPStatus.FAILED_DEPENDENCY
    return ErrorAnswer(status, ErrorDocument(problem.detail, ERROR_TYPES.get(status, "Validation")))


TEI = Dialect(
    name="text-embeddings-inference",
    about="What its clients and Hugging Face's call: base URL `http://host:8000/tei`. Unknown fields are ignored.",
    prefix="/tei",
    answer_error=answer_error,
    error=ErrorDocument,
)


def _embedding(id_: str, summary: str, request: Any, response: Any, example: Example | None = None) -> Operation:
    return Operation(
        id=id_, summary=summary, scope="embed", purpose="embed", request=request, response=response, example=example
    )


@on_post(
    "/tei/embed",
    _embedding(
        "tei_embed",
        "Embed texts",
        EmbedRequest,
        list[list[float]],
        Example({"inputs": "Hello world"}, [[0.0124, -0.0385]]),
    ),
)
async def embed(asked: Asked) -> Reply:
    return await _embed(asked, await asked.body(EmbedRequest))


@on_post(
    "/tei",
    msgspec.structs.replace(
        _embedding(
            "tei_root", "Embed or compare texts", EmbedRequest | SimilarityRequest, list[list[float]] | list[float]
        ),
        also=("/tei/",),  # what clients make of their base address
    ),
)
async def root(asked: Asked) -> Reply:
    """Embed texts or, where `inputs` is an object, compare them."""
    data = await asked.body(RootRequest)
    if isinstance(data.inputs, SimilarityInputs):
        return await _compare(asked, data.inputs, data.parameters)
    return await _embed(asked, data)


@on_post("/tei/embed_all", _embedding("tei_embed_all", "Embed every token", EmbedAllRequest, list[list[list[float]]]))
async def embed_all(asked: Asked) -> Reply:
    """Return the rows of every token, special ones included, neither pooled nor normalized."""
    data = await asked.body(EmbedAllRequest)
    texts = read_inputs(data.inputs, "inputs", input_limits(asked.settings))
    if len(texts) > MAX_TEXTS_OF_TOKENS:
        message = f"{len(texts)} inputs; the rows of every token are given for at most {MAX_TEXTS_OF_TOKENS}"
        raise InvalidInputError(message, "inputs")
    found = await asked.charging.embed(texts, _demand(asked, data, every_token=True))
    start_s, content, end = time.perf_counter(), [], 0
    for tokens in found.tokens:
        content.append(await encode_rows(found.rows[end : end + tokens]))
        end += tokens
    return _reply(asked, content, found, texts, start_s)


@on_post(
    "/tei/similarity",
    _embedding(
        "tei_similarity",
        "Compare a text with others",
        SimilarityRequest,
        list[float],
        Example({"inputs": {"source_sentence": "a cat", "sentences": ["a kitten", "a car"]}}, [0.788, 0.463]),
    ),
)
async def similarity(asked: Asked) -> Reply:
    data = await asked.body(SimilarityRequest)
    return await _compare(asked, data.inputs, data.parameters)


@on_post("/tei/v1/embeddings", _embedding("tei_openai", "Embed as OpenAI does", OpenAIRequest, EmbeddingsResponse))
async def openai(asked: Asked) -> Reply:
    """Embed texts for OpenAI's clients, whatever they call the model."""
    data = await asked.body(OpenAIRequest)
    served = EmbeddingsRequest(
        input=data.input,
        model=data.model or asked.facts.name,
        encoding_format=data.encoding_format,
        dimensions=data.dimensions,
        user=data.user,
    )
    return await embed_openai(asked, served)


async def _embed(asked: Asked, data: EmbedRequest | RootRequest) -> Reply:
    assert not isinstance(data.inputs, SimilarityInputs)
    texts = read_inputs(data.inputs, "inputs", input_limits(asked.settings))
    demand = _demand(asked, data, normalize=data.normalize is not False, dimensions=data.dimensions)
    found = await asked.charging.embed(texts, demand)
    start_s = time.perf_counter()
    return _reply(asked, await encode_rows(found.rows), found, texts, start_s)


async def _compare(asked: Asked, inputs: SimilarityInputs, parameters: SimilarityParameters | None) -> Reply:
    if not inputs.sentences:
        message = "inputs.sentences is empty"
        raise EmptyInputError(message, "inputs")
    texts = [inputs.source_sentence, *inputs.sentences]
    found = await asked.charging.embed(texts, _demand(asked, parameters or SimilarityParameters()))
    start_s = time.perf_counter()
    cosines = (found.rows[1:] @ found.rows[0]).clip(-1.0, 1.0)
    return _reply(asked, cosines, found, texts, start_s)


def _demand(
    asked: Asked, data: EmbedRequest | EmbedAllRequest | RootRequest | SimilarityParameters, **more: Any
) -> Demand:
    return asked.demand(
        truncate=data.truncate,
        truncation_side="left" if data.truncation_direction in {"Left", "left"} else "right",
        prompt=data.prompt_name,
        **more,
    )


def _reply(asked: Asked, content: Any, found: Embeddings, texts: Sequence[Input], start_s: float) -> Reply:
    """Return the answer with the headers of the original; its encoding began at `start_s`."""
    reply, timing = asked.reply_embeddings(content, found, start_s), found.timing
    seconds = {
        "x-compute-time": start_s - asked.arrived_s,
        "x-total-time": time.perf_counter() - asked.arrived_s,
        "x-tokenization-time": timing.tokenize_s,
        "x-queue-time": timing.queue_s,
        "x-inference-time": timing.inference_s,
    }
    reply.headers = {
        **reply.headers,
        **{name: str(round(value * 1e3)) for name, value in seconds.items()},
        "x-compute-type": "gpu" if asked.facts.provider == "cuda" else "cpu",
        "x-compute-characters": str(sum(len(text) for text in texts if isinstance(text, str))),
        "x-compute-tokens": str(sum(found.tokens)),
    }
    return reply


ROUTES = [root, embed, embed_all, similarity, openai]
