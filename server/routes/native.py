"""The native dialect: POST /embed, /embed/batch and /similarity; errors are RFC 9457 problem documents."""

import time
from typing import Any

import numpy as np
from litestar import Request
from numpy.typing import NDArray

from server.bodies.native import (
    BatchResponse,
    EmbedRequest,
    EmbedResponse,
    ProblemDocument,
    SimilarityRequest,
    SimilarityResponse,
)
from server.caller import caller_of
from server.daemon import daemon_of
from server.decoding import decode_body
from server.dialects import Dialect, Problem, Told
from server.embedding import Embedder, Options
from server.encoding import (
    BODIES,
    OCTETS,
    encode_array,
    encode_message_pack,
    encode_rows,
    headers_for,
    reply_bytes,
    reply_json,
)
from server.negotiation import media_of
from server.operations import Example, Operation, Parameter, posted
from server.queries import flag, query_of
from server.replies import JSON, Reply
from server.work import Embeddings

PROBLEM_JSON = "application/problem+json"
GIVES = (*BODIES, OCTETS)

Asked = Request[Any, Any, Any]


def tell(problem: Problem) -> Told:
    """Return a problem document."""
    status = problem.status
    document = ProblemDocument(
        title=status.phrase, status=status.value, detail=problem.detail, request_id=problem.request_id
    )
    return Told(status, document)


NATIVE = Dialect(
    name="vecd",
    about="vecd's own dialect. Unknown fields are refused; errors are problem documents (RFC 9457).",
    prefix="",
    tell=tell,
    error=ProblemDocument,
    media_type=PROBLEM_JSON,
)


TRUNCATE = Parameter(
    name="truncate", place="query", kind=bool, about="false refuses a text that is longer than the model takes"
)
EXAMPLE = {"texts": ["Hello world"]}


@posted(
    "/embed",
    Operation(
        summary="Embed texts, through the cache",
        scope="embed",
        request=EmbedRequest,
        response=EmbedResponse,
        takes=BODIES,
        gives=GIVES,
        parameters=(TRUNCATE,),
        example=Example(
            EXAMPLE,
            {
                "embeddings": [[0.0124, -0.0385]],
                "dimensions": 384,
                "cached_count": 0,
                "tokens": [4],
                "truncated": [False],
            },
        ),
    ),
)
async def embed(request: Asked) -> Reply:
    """Embed texts, through the cache."""
    data, embedder = await decode_body(request, EmbedRequest), daemon_of(request).embedder
    found = await embedder.embed(data.texts, _options(request, data))
    rows = found.rows
    fields = {
        "dimensions": rows.shape[1],
        "cached_count": found.cached_count,
        "tokens": found.tokens,
        "truncated": found.truncated,
    }
    return await _reply(media_of(request.scope), found, fields, embedder)


@posted(
    "/embed/batch",
    Operation(
        summary="Embed many texts",
        about="For throughput: the cache is neither read nor filled, and `cache` is ignored.",
        scope="embed",
        request=EmbedRequest,
        response=BatchResponse,
        takes=BODIES,
        gives=GIVES,
        parameters=(TRUNCATE,),
        example=Example(EXAMPLE, {"embeddings": [[0.0124, -0.0385]], "dimensions": 384}),
    ),
)
async def embed_batch(request: Asked) -> Reply:
    """Embed many texts; the cache is neither read nor filled."""
    data, embedder = await decode_body(request, EmbedRequest), daemon_of(request).embedder
    found = await embedder.embed(data.texts, _options(request, data, batch=True))
    return await _reply(media_of(request.scope), found, {"dimensions": found.rows.shape[1]}, embedder)


@posted(
    "/similarity",
    Operation(
        summary="Compare texts by cosine",
        scope="embed",
        request=SimilarityRequest,
        response=SimilarityResponse,
        takes=BODIES,
        gives=BODIES,
        example=Example({"a": ["a cat"], "b": ["a kitten", "a car"]}, {"similarity": [[0.788, 0.463]]}),
    ),
)
async def similarity(request: Asked) -> Reply:
    """Compare texts by cosine: a row for each of `a`, a column for each of `b`."""
    media, data = media_of(request.scope), await decode_body(request, SimilarityRequest)
    embedder = daemon_of(request).embedder
    found = await embedder.embed([*data.a, *(data.b or [])], Options(caller=caller_of(request.scope)))
    left = found.rows[: len(data.a)]
    right = left if data.b is None else found.rows[len(data.a) :]
    start_s = time.perf_counter()
    if media != JSON:
        body = encode_message_pack({"similarity": cosines(left, right)})
        return Reply(body, media_type=media, headers=headers_for(found))
    matrix = await encode_array(len(left), len(right), lambda part: cosines(left[part], right))
    return reply_json({"similarity": matrix}, found, embedder.metrics, start_s)


def cosines(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosines (left, right) of unit vectors; rounding may leave [-1, 1] by a bit, so it is clipped."""
    return np.asarray(np.clip(left @ right.T, -1.0, 1.0), np.float32)


def _options(request: Asked, data: EmbedRequest, *, batch: bool = False) -> Options:
    return Options(
        caller=caller_of(request.scope),
        cache=data.cache,
        batch=batch,
        normalize=data.normalize,
        dimensions=data.dimensions,
        prompt=data.prompt,
        truncate=_truncate(request),
    )


def _truncate(request: Asked) -> bool | None:
    """Return what the query says."""
    return flag(query_of(request.scope), "truncate")


async def _reply(media: str, found: Embeddings, fields: dict[str, Any], embedder: Embedder) -> Reply:
    start_s = time.perf_counter()
    if media == OCTETS:
        return reply_bytes(found.rows, found)
    if media != JSON:
        return Reply(
            encode_message_pack({"embeddings": found.rows} | fields), media_type=media, headers=headers_for(found)
        )
    return reply_json({"embeddings": await encode_rows(found.rows)} | fields, found, embedder.metrics, start_s)


ROUTES = [embed, embed_batch, similarity]
