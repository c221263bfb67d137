"""POST /embed, /embed/batch and /similarity of the native dialect."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.contract.embedding import Demand, Embeddings, Truncate
from server.contract.errors import InvalidInputError
from server.dialects.asked import Asked
from server.dialects.native.bodies.embeddings import (
    BatchResponse,
    EmbedRequest,
    EmbedResponse,
    SimilarityRequest,
    SimilarityResponse,
)
from server.dialects.native.routing import on_post
from server.web.encoding import BODIES, OCTETS, encode_array, encode_bytes, encode_rows, timing_headers
from server.web.operations import Example, Operation, Parameter
from server.web.replies import JSON, Reply

GIVES = (*BODIES, OCTETS)
EMBED_TRUNCATE = Parameter(
    name="truncate",
    place="query",
    kind=Truncate,
    about="where the body has no `truncate`: false refuses a text that is longer than the model's maximum, and windows "
    "embeds all of it",
)
TRUNCATES: Mapping[str, Truncate] = {"true": True, "false": False, "windows": "windows"}
EXAMPLE = {"texts": ["Hello world"]}
# What clients of other dialects call the texts.
HINTS = {
    "inputs": "requests as text-embeddings-inference takes them go to /tei/embed",
    "input": "requests as OpenAI takes them go to /v1/embeddings, and as Ollama takes them to /api/embed",
}


@on_post(
    "/embed",
    Operation(
        id="native_embed",
        summary="Embed texts, through the cache",
        about="A text of several windows is computed each time, since only texts that fit are cached; "
        "`--max-client-batch-size` counts texts, not windows.",
        scope="embed",
        purpose="embed",
        request=EmbedRequest,
        hints=HINTS,
        response=EmbedResponse,
        takes=BODIES,
        gives=GIVES,
        parameters=(EMBED_TRUNCATE,),
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
async def embed(asked: Asked) -> Reply:
    data = await asked.body(EmbedRequest)
    found = await asked.charging.embed(data.texts, _demand(asked, data, cache=data.cache))
    fields = {
        "dimensions": found.rows.shape[1],
        "cached_count": found.cached_count,
        "tokens": found.tokens,
        "truncated": found.truncated,
    }
    return await _reply(asked, found, fields)


@on_post(
    "/embed/batch",
    Operation(
        id="native_embed_batch",
        summary="Embed many texts",
        about="For throughput: the cache is neither read nor filled, and `cache` is ignored.",
        scope="embed",
        purpose="batch",
        request=EmbedRequest,
        hints=HINTS,
        response=BatchResponse,
        takes=BODIES,
        gives=GIVES,
        parameters=(EMBED_TRUNCATE,),
        example=Example(EXAMPLE, {"embeddings": [[0.0124, -0.0385]], "dimensions": 384}),
    ),
)
async def embed_batch(asked: Asked) -> Reply:
    data = await asked.body(EmbedRequest)
    found = await asked.charging.embed(data.texts, _demand(asked, data, cache=False))
    return await _reply(asked, found, {"dimensions": found.rows.shape[1]})


@on_post(
    "/similarity",
    Operation(
        id="native_similarity",
        summary="Compare texts by cosine",
        scope="embed",
        purpose="embed",
        request=SimilarityRequest,
        response=SimilarityResponse,
        takes=BODIES,
        gives=BODIES,
        example=Example({"a": ["a cat"], "b": ["a kitten", "a car"]}, {"similarity": [[0.788, 0.463]]}),
    ),
)
async def similarity(asked: Asked) -> Reply:
    data = await asked.body(SimilarityRequest)
    found = await asked.charging.embed([*data.a, *(data.b or [])], asked.demand())
    left = found.rows[: len(data.a)]
    right = left if data.b is None else found.rows[len(data.a) :]
    start_s = time.perf_counter()
    if asked.state.media != JSON:
        return asked.reply_embeddings({"similarity": cosines(left, right)}, found, start_s)
    matrix = await encode_array(len(left), len(right), lambda part: cosines(left[part], right))
    return asked.reply_embeddings({"similarity": matrix}, found, start_s)


def cosines(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosines (left, right) of unit vectors; clipped, since rounding may leave [-1, 1]."""
    return np.asarray(np.clip(left @ right.T, -1.0, 1.0), np.float32)


def _demand(asked: Asked, data: EmbedRequest, *, cache: bool) -> Demand:
    return asked.demand(
        cache=cache,
        normalize=data.normalize,
        dimensions=data.dimensions,
        prompt=data.prompt,
        truncate=_truncate(asked, data),
    )


def _truncate(asked: Asked, data: EmbedRequest) -> Truncate | None:
    """Return what the body says, or else the query; raises InvalidInputError where the query is none of them."""
    given = asked.query.get("truncate")
    if given is None:
        return data.truncate
    if given not in TRUNCATES:
        message = f"truncate is {given[:50]!r}, not true, false or windows"
        raise InvalidInputError(message, "truncate")
    return TRUNCATES[given] if data.truncate is None else data.truncate


async def _reply(asked: Asked, found: Embeddings, fields: dict[str, Any]) -> Reply:
    start_s, media = time.perf_counter(), asked.state.media
    if media == OCTETS:
        body, shape = encode_bytes(found.rows)
        return Reply(body, media_type=OCTETS, headers=timing_headers(found.timing, found.truncated) | shape)
    rows = await encode_rows(found.rows) if media == JSON else found.rows
    return asked.reply_embeddings({"embeddings": rows} | fields, found, start_s)


ROUTES = [embed, embed_batch, similarity]
