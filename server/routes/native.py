"""The native dialect: POST /embed, /embed/batch and /similarity."""

import time
from typing import Annotated, Any

import msgspec
import numpy as np
import orjson
from litestar import post
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import JSONBody, Parameter
from litestar.response.base import ASGIResponse
from litestar.types import Scope
from numpy.typing import NDArray

from server.caller import read_caller
from server.decoding import BodyDTO
from server.embedding import Embedder, Options
from server.metrics import Metrics
from server.work import Timing


class EmbedRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Texts to embed. `prompt` names one of the model's prompts, put before each text."""

    texts: list[str]
    cache: bool = True
    normalize: bool = True
    dimensions: Annotated[int, msgspec.Meta(ge=1)] | None = None
    prompt: str | None = None


class SimilarityRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Two lists of texts to compare; without `b`, `a` is compared with itself."""

    a: list[str]
    b: list[str] | None = None


Truncate = Annotated[bool, Parameter(description="false refuses a text that is longer than the model takes")]


@post("/embed", status_code=200, dto=BodyDTO[EmbedRequest], return_dto=None)
async def embed(
    data: JSONBody[EmbedRequest], embedder: NamedDependency[Embedder], scope: Scope, truncate: Truncate = True
) -> ASGIResponse:
    """Embed texts, through the cache."""
    embedder.requests.embed += 1
    found = await embedder.embed(data.texts, _options(data, scope, cache=data.cache, truncate=truncate))
    body = {
        "embeddings": found.rows,
        "dimensions": found.rows.shape[1],
        "cached_count": found.cached_count,
        "tokens": found.tokens,
        "truncated": found.truncated,
    }
    return _respond(body, found.timing, embedder.metrics)


@post("/embed/batch", status_code=200, dto=BodyDTO[EmbedRequest], return_dto=None)
async def embed_batch(
    data: JSONBody[EmbedRequest], embedder: NamedDependency[Embedder], scope: Scope, truncate: Truncate = True
) -> ASGIResponse:
    """Embed many texts; the cache is neither read nor filled."""
    embedder.requests.batch += 1
    found = await embedder.embed(data.texts, _options(data, scope, cache=False, truncate=truncate))
    body = {"embeddings": found.rows, "dimensions": found.rows.shape[1]}
    return _respond(body, found.timing, embedder.metrics)


@post("/similarity", status_code=200, dto=BodyDTO[SimilarityRequest], return_dto=None)
async def similarity(
    data: JSONBody[SimilarityRequest], embedder: NamedDependency[Embedder], scope: Scope
) -> ASGIResponse:
    """Compare texts by cosine: a row for each of `a`, a column for each of `b`."""
    embedder.requests.embed += 1
    found = await embedder.embed([*data.a, *(data.b or [])], Options(caller=read_caller(scope)))
    left = found.rows[: len(data.a)]
    right = left if data.b is None else found.rows[len(data.a) :]
    return _respond({"similarity": _cosines(left, right)}, found.timing, embedder.metrics)


def _options(data: EmbedRequest, scope: Scope, *, cache: bool, truncate: bool) -> Options:
    return Options(
        caller=read_caller(scope),
        cache=cache,
        normalize=data.normalize,
        dimensions=data.dimensions,
        prompt=data.prompt,
        truncate=truncate,
    )


def _cosines(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosines (left, right) of unit vectors; rounding may leave [-1, 1] by a bit, so it is clipped."""
    return np.asarray(np.clip(left @ right.T, -1.0, 1.0), np.float32)


def _respond(body: dict[str, Any], timing: Timing, metrics: Metrics) -> ASGIResponse:
    start_s = time.perf_counter()
    # orjson writes float32 arrays in their shortest form, without a detour through lists.
    encoded = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
    metrics.encoded(time.perf_counter() - start_s)
    headers = {"server-timing": server_timing(timing)}
    return ASGIResponse(body=encoded, headers=headers, media_type=MediaType.JSON)


def server_timing(timing: Timing) -> str:
    """Return the value of the Server-Timing header, in milliseconds (W3C Server Timing)."""
    parts = (("queue", timing.queue_s), ("tokenize", timing.tokenize_s), ("inference", timing.inference_s))
    return ", ".join(f"{name};dur={seconds * 1e3:.3f}" for name, seconds in parts)
