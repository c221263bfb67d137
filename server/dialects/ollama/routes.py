"""Ollama's dialect: POST /api/embed, /api/embeddings and /api/show, GET /api/tags, /api/ps and /api/version.

Source: Ollama's API documentation. Durations are nanoseconds.
"""

import time
from http import HTTPStatus

import msgspec

from server.contract.facts import Facts
from server.contract.names import tagged
from server.dialects.asked import Asked, on_get, on_post
from server.dialects.ollama.bodies import (
    Details,
    EmbedRequest,
    EmbedResponse,
    ErrorDocument,
    ListedModel,
    ModelList,
    PromptRequest,
    PromptResponse,
    RunningList,
    RunningModel,
    ShowRequest,
    ShowResponse,
    VersionResponse,
)
from server.version import VERSION
from server.web.decoding import ANY
from server.web.dialect import Dialect, ErrorAnswer, Problem
from server.web.encoding import encode_rows
from server.web.operations import Example, Operation
from server.web.replies import JSON, Reply

# The original looks at no content type: the body is JSON, whatever it is called.
TAKES = (JSON, ANY)
NANOSECONDS = 1_000_000_000


def answer_error(problem: Problem) -> ErrorAnswer:
    """Answer 400 in place of 422, as Ollama does."""
    status = problem.status
    if status is HTTPStatus.UNPROCESSABLE_ENTITY:
        status = HTTPStatus.BAD_REQUEST
    return ErrorAnswer(status, ErrorDocument(problem.detail))


OLLAMA = Dialect(
    name="Ollama",
    about="What Ollama's clients call: host `http://host:8000`. Unknown fields are ignored.",
    prefix="/api",
    answer_error=answer_error,
    error=ErrorDocument,
)


@on_post(
    "/api/embed",
    Operation(
        id="ollama_embed",
        summary="Embed texts",
        scope="embed",
        purpose="embed",
        request=EmbedRequest,
        takes=TAKES,
        response=EmbedResponse,
        errors=(HTTPStatus.NOT_FOUND,),
        example=Example(
            {"model": "all-minilm", "input": "Hello world"},
            {
                "model": "all-minilm",
                "embeddings": [[0.0124, -0.0385]],
                "total_duration": 2_100_000,
                "load_duration": 30_000,
                "prompt_eval_count": 4,
            },
        ),
    ),
)
async def embed(asked: Asked) -> Reply:
    data = await asked.body(EmbedRequest)
    loaded_s = time.perf_counter()
    asked.context.names.check(data.model)
    # As in the original, an empty text by itself gives no row; one among others does.
    texts = data.input if isinstance(data.input, list) else [data.input] if data.input else []
    found = await asked.charging.embed(texts, asked.demand(dimensions=data.dimensions, truncate=data.truncate))
    start_s = time.perf_counter()
    content = {
        "model": data.model,
        "embeddings": await encode_rows(found.rows),
        "total_duration": int((start_s - asked.arrived_s) * NANOSECONDS),
        "load_duration": int((loaded_s - asked.arrived_s) * NANOSECONDS),
        "prompt_eval_count": sum(found.tokens),
    }
    return asked.reply_embeddings(content, found, start_s)


@on_post(
    "/api/embeddings",
    Operation(
        id="ollama_embeddings",
        summary="Embed one text, for older clients",
        scope="embed",
        purpose="embed",
        request=PromptRequest,
        takes=TAKES,
        response=PromptResponse,
        errors=(HTTPStatus.NOT_FOUND,),
    ),
)
async def embeddings(asked: Asked) -> Reply:
    data = await asked.body(PromptRequest)
    asked.context.names.check(data.model)
    found = await asked.charging.embed([data.prompt] if data.prompt else [], asked.demand())
    start_s = time.perf_counter()
    return asked.reply_embeddings({"embedding": found.rows.reshape(-1)}, found, start_s)


@on_get("/api/tags", Operation(id="ollama_tags", summary="List the model's names", scope="any", response=ModelList))
async def tags(asked: Asked) -> Reply:
    models = [_listed(tagged(name), asked.facts) for name in asked.context.names.all]
    return asked.reply(ModelList(models))


@on_get("/api/ps", Operation(id="ollama_running", summary="Show what is loaded", scope="any", response=RunningList))
async def running(asked: Asked) -> Reply:
    facts = asked.facts
    listed = msgspec.structs.asdict(_listed(tagged(facts.name), facts))
    size_vram = listed["size"] if facts.provider == "cuda" else 0
    return asked.reply(RunningList([RunningModel(**listed, size_vram=size_vram)]))


@on_post(
    "/api/show",
    Operation(
        id="ollama_show",
        summary="Show the model",
        scope="any",
        request=ShowRequest,
        takes=TAKES,
        response=ShowResponse,
        errors=(HTTPStatus.NOT_FOUND,),
    ),
)
async def show(asked: Asked) -> Reply:
    data = await asked.body(ShowRequest)
    asked.context.names.check(data.model or data.name)
    facts = asked.facts
    shown = ShowResponse(
        license=facts.license,
        modified_at=_time(facts),
        details=_details(facts),
        model_info={
            "general.architecture": "bert",
            "general.basename": facts.name,
            "bert.context_length": facts.max_tokens,
            "bert.embedding_length": facts.dimensions,
        },
    )
    return asked.reply(shown)


@on_get(
    "/api/version", Operation(id="ollama_version", summary="Tell vecd's version", scope="any", response=VersionResponse)
)
async def version(asked: Asked) -> Reply:
    return asked.reply(VersionResponse(VERSION))


def _listed(name: str, facts: Facts) -> ListedModel:
    return ListedModel(
        name=name,
        model=name,
        modified_at=_time(facts),
        size=facts.variant.size_bytes,
        digest=facts.fingerprint,
        details=_details(facts),
    )


def _time(facts: Facts) -> str:
    return facts.started.isoformat(timespec="seconds").replace("+00:00", "Z")


def _details(facts: Facts) -> Details:
    return Details(
        family=facts.family,
        families=[facts.family],
        parameter_size=f"{facts.parameters / 1e6:.0f}M",
        quantization_level=facts.variant.precision,
    )


ROUTES = [embed, embeddings, tags, running, show, version]
