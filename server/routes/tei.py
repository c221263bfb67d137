"""The dialect of text-embeddings-inference, under /tei: what its clients and Hugging Face's call.

Source: the OpenAPI document of text-embeddings-inference. Where `inputs` is an object, POST /tei compares.
"""

import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request

from server.bodies.openai import EmbeddingsRequest, EmbeddingsResponse
from server.bodies.tei import (
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
from server.caller import caller_of
from server.daemon import Daemon, daemon_of
from server.decoding import decode_body
from server.dialects import Dialect, Problem, Told
from server.embedding import Options
from server.encoding import encode_rows, reply_json
from server.errors import EmptyInputError, InvalidInputError
from server.inputs import Input, read_inputs
from server.operations import Example, Operation, posted
from server.replies import Reply
from server.routes.openai import embed_openai
from server.work import Embeddings

Asked = Request[Any, Any, Any]
TYPES: dict[HTTPStatus, ErrorType] = {
    HTTPStatus.TOO_MANY_REQUESTS: "Overloaded",
    HTTPStatus.GATEWAY_TIMEOUT: "Overloaded",
    HTTPStatus.SERVICE_UNAVAILABLE: "Unhealthy",
    HTTPStatus.FAILED_DEPENDENCY: "Backend",
}


def tell(problem: Problem) -> Told:
    """Return an error as the original has it: what is wrong with a request is 422, and our own fault 424."""
    status = problem.status
    if isinstance(problem.error, EmptyInputError):
        return Told(status, ErrorDocument(problem.detail, "Empty"))
    if status is HTTPStatus.BAD_REQUEST:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        status = HTTPStatus.FAILED_DEPENDENCY
    return Told(status, ErrorDocument(problem.detail, TYPES.get(status, "Validation")))


TEI = Dialect(
    name="text-embeddings-inference",
    about="What its clients and Hugging Face's call: base URL `http://host:8000/tei`. Unknown fields are ignored.",
    prefix="/tei",
    tell=tell,
    error=ErrorDocument,
)


def _embedding(summary: str, request: Any, response: Any, example: Example | None = None) -> Operation:
    return Operation(summary=summary, scope="embed", request=request, response=response, example=example)


@posted(
    "/tei/embed",
    _embedding("Embed texts", EmbedRequest, list[list[float]], Example({"inputs": "Hello world"}, [[0.0124, -0.0385]])),
)
async def embed(request: Asked) -> Reply:
    """Embed texts."""
    began_s = time.perf_counter()
    return await _embed(request, await decode_body(request, EmbedRequest), began_s)


@posted("/tei", _embedding("Embed or compare texts", EmbedRequest | SimilarityRequest, list[list[float]] | list[float]))
async def root(request: Asked) -> Reply:
    """Embed texts or, where `inputs` is an object, compare them."""
    began_s = time.perf_counter()
    data = await decode_body(request, RootRequest)
    if isinstance(data.inputs, SimilarityInputs):
        return await _compare(request, data.inputs, data.parameters, began_s)
    return await _embed(request, data, began_s)


@posted("/tei/embed_all", _embedding("Embed every token", EmbedAllRequest, list[list[list[float]]]))
async def embed_all(request: Asked) -> Reply:
    """Return the rows of every token, special ones included, neither pooled nor normalized."""
    began_s = time.perf_counter()
    data, daemon = await decode_body(request, EmbedAllRequest), daemon_of(request)
    texts = read_inputs(data.inputs, "inputs", daemon.embedder.bounds)
    if len(texts) > MAX_TEXTS_OF_TOKENS:
        message = f"{len(texts)} inputs, and the rows of every token are given for {MAX_TEXTS_OF_TOKENS} at most"
        raise InvalidInputError(message, "inputs")
    found = await daemon.embedder.embed(texts, _options(request, data, every_token=True))
    start_s, content, end = time.perf_counter(), [], 0
    for tokens in found.tokens:
        content.append(await encode_rows(found.rows[end : end + tokens]))
        end += tokens
    return _reply(content, found, texts, daemon, (began_s, start_s))


@posted(
    "/tei/similarity",
    _embedding(
        "Compare a text with others",
        SimilarityRequest,
        list[float],
        Example({"inputs": {"source_sentence": "a cat", "sentences": ["a kitten", "a car"]}}, [0.788, 0.463]),
    ),
)
async def similarity(request: Asked) -> Reply:
    """Compare a text with others, by cosine."""
    began_s = time.perf_counter()
    data = await decode_body(request, SimilarityRequest)
    return await _compare(request, data.inputs, data.parameters, began_s)


@posted("/tei/v1/embeddings", _embedding("Embed as OpenAI does", OpenAIRequest, EmbeddingsResponse))
async def openai(request: Asked) -> Reply:
    """Embed texts for OpenAI's clients, whatever they call the model."""
    data, daemon = await decode_body(request, OpenAIRequest), daemon_of(request)
    fields = msgspec.structs.asdict(data) | {"model": data.model or daemon.names.served}
    return await embed_openai(request, daemon, EmbeddingsRequest(**fields))


async def _embed(request: Asked, data: EmbedRequest | RootRequest, began_s: float) -> Reply:
    assert not isinstance(data.inputs, SimilarityInputs)
    daemon = daemon_of(request)
    texts = read_inputs(data.inputs, "inputs", daemon.embedder.bounds)
    options = _options(request, data, normalize=data.normalize is not False, dimensions=data.dimensions)
    found = await daemon.embedder.embed(texts, options)
    start_s = time.perf_counter()
    return _reply(await encode_rows(found.rows), found, texts, daemon, (began_s, start_s))


async def _compare(
    request: Asked, inputs: SimilarityInputs, parameters: SimilarityParameters | None, began_s: float
) -> Reply:
    if not inputs.sentences:
        message = "inputs.sentences is empty"
        raise EmptyInputError(message, "inputs")
    daemon, texts = daemon_of(request), [inputs.source_sentence, *inputs.sentences]
    found = await daemon.embedder.embed(texts, _options(request, parameters or SimilarityParameters()))
    start_s = time.perf_counter()
    cosines = (found.rows[1:] @ found.rows[0]).clip(-1.0, 1.0)
    return _reply(cosines, found, texts, daemon, (began_s, start_s))


def _options(
    request: Asked, data: EmbedRequest | EmbedAllRequest | RootRequest | SimilarityParameters, **more: Any
) -> Options:
    return Options(
        caller=caller_of(request.scope),
        truncate=data.truncate,
        kept="end" if data.truncation_direction in {"Left", "left"} else "start",
        prompt=data.prompt_name,
        **more,
    )


def _reply(
    content: Any, found: Embeddings, texts: Sequence[Input], daemon: Daemon, times_s: tuple[float, float]
) -> Reply:
    """Return the answer with the headers of the original; `times_s`: when the request and its encoding began."""
    began_s, start_s = times_s
    reply, timing = reply_json(content, found, daemon.metrics, start_s), found.timing
    seconds = {
        "x-compute-time": start_s - began_s,
        "x-total-time": time.perf_counter() - began_s,
        "x-tokenization-time": timing.tokenize_s,
        "x-queue-time": timing.queue_s,
        "x-inference-time": timing.inference_s,
    }
    reply.headers = {
        **reply.headers,
        **{name: str(round(value * 1e3)) for name, value in seconds.items()},
        "x-compute-type": "gpu" if daemon.provider.provider == "cuda" else "cpu",
        "x-compute-characters": str(sum(len(text) for text in texts if isinstance(text, str))),
        "x-compute-tokens": str(sum(found.tokens)),
    }
    return reply


ROUTES = [root, embed, embed_all, similarity, openai]
