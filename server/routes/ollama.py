"""Ollama's dialect: POST /api/embed, /api/embeddings and /api/show, GET /api/tags, /api/ps and /api/version.

Source: Ollama's API documentation. Durations are nanoseconds.
"""

import time
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request

from server.bodies.ollama import (
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
from server.caller import caller_of
from server.daemon import VERSION, Daemon, daemon_of
from server.decoding import FORM, decode_body
from server.dialects import Dialect, Problem, Told
from server.embedding import Options
from server.encoding import encode_rows, reply_json
from server.names import tagged
from server.operations import Example, Operation, got, posted
from server.replies import JSON, Reply

Asked = Request[Any, Any, Any]
# curl's own type for what -d sends, as Ollama's documentation calls it; the body is JSON all the same.
TAKES = (JSON, FORM)
NANOSECONDS = 1_000_000_000


def tell(problem: Problem) -> Told:
    """Return an error as Ollama's clients raise it: what cannot be done is a bad request, too."""
    status = problem.status
    if status is HTTPStatus.UNPROCESSABLE_ENTITY:
        status = HTTPStatus.BAD_REQUEST
    return Told(status, ErrorDocument(problem.detail))


OLLAMA = Dialect(
    name="Ollama",
    about="What Ollama's clients call: host `http://host:8000`. Unknown fields are ignored.",
    prefix="/api",
    tell=tell,
    error=ErrorDocument,
)


@posted(
    "/api/embed",
    Operation(
        summary="Embed texts",
        scope="embed",
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
async def embed(request: Asked) -> Reply:
    """Embed texts."""
    began_s = time.perf_counter()
    data, daemon = await decode_body(request, EmbedRequest), daemon_of(request)
    loaded_s = time.perf_counter()
    daemon.names.check(data.model)
    texts = [data.input] if isinstance(data.input, str) else data.input
    options = Options(caller=caller_of(request.scope), dimensions=data.dimensions, truncate=data.truncate)
    found = await daemon.embedder.embed(texts, options)
    start_s = time.perf_counter()
    content = {
        "model": data.model,
        "embeddings": await encode_rows(found.rows),
        "total_duration": int((start_s - began_s) * NANOSECONDS),
        "load_duration": int((loaded_s - began_s) * NANOSECONDS),
        "prompt_eval_count": sum(found.tokens),
    }
    return reply_json(content, found, daemon.metrics, start_s)


@posted(
    "/api/embeddings",
    Operation(
        summary="Embed one text, as older clients ask",
        scope="embed",
        request=PromptRequest,
        takes=TAKES,
        response=PromptResponse,
        errors=(HTTPStatus.NOT_FOUND,),
    ),
)
async def embeddings(request: Asked) -> Reply:
    """Embed one text."""
    data, daemon = await decode_body(request, PromptRequest), daemon_of(request)
    daemon.names.check(data.model)
    texts = [data.prompt] if data.prompt else []
    found = await daemon.embedder.embed(texts, Options(caller=caller_of(request.scope)))
    start_s = time.perf_counter()
    return reply_json({"embedding": found.rows.reshape(-1)}, found, daemon.metrics, start_s)


@got("/api/tags", Operation(summary="List the model's names", scope="any", response=ModelList))
async def tags(request: Asked) -> Reply:
    """List every name that the model goes by."""
    daemon = daemon_of(request)
    return Reply(msgspec.json.encode(ModelList([_listed(tagged(name), daemon) for name in daemon.names.all])))


@got("/api/ps", Operation(summary="Show what is loaded", scope="any", response=RunningList))
async def running(request: Asked) -> Reply:
    """Show the model, which is always loaded."""
    daemon = daemon_of(request)
    listed = msgspec.structs.asdict(_listed(tagged(daemon.names.served), daemon))
    size_vram = listed["size"] if daemon.provider.provider == "cuda" else 0
    return Reply(msgspec.json.encode(RunningList([RunningModel(**listed, size_vram=size_vram)])))


@posted(
    "/api/show",
    Operation(
        summary="Show the model",
        scope="any",
        request=ShowRequest,
        takes=TAKES,
        response=ShowResponse,
        errors=(HTTPStatus.NOT_FOUND,),
    ),
)
async def show(request: Asked) -> Reply:
    """Show the model."""
    data, daemon = await decode_body(request, ShowRequest), daemon_of(request)
    daemon.names.check(data.model or data.name)
    manifest = daemon.manifest
    shown = ShowResponse(
        license=manifest.license,
        modified_at=_time(daemon),
        details=_details(daemon),
        model_info={
            "general.architecture": "bert",
            "general.basename": manifest.name,
            "bert.context_length": manifest.max_tokens,
            "bert.embedding_length": manifest.dimensions,
        },
    )
    return Reply(msgspec.json.encode(shown))


@got("/api/version", Operation(summary="Tell vecd's version", scope="any", response=VersionResponse))
async def version() -> Reply:
    """Tell vecd's version."""
    return Reply(msgspec.json.encode(VersionResponse(VERSION)))


def _listed(name: str, daemon: Daemon) -> ListedModel:
    return ListedModel(
        name=name,
        model=name,
        modified_at=_time(daemon),
        size=daemon.manifest.files[daemon.chosen.variant.file].size_bytes,
        digest=daemon.manifest.model_fingerprint,
        details=_details(daemon),
    )


def _time(daemon: Daemon) -> str:
    return daemon.started.isoformat(timespec="seconds").replace("+00:00", "Z")


def _details(daemon: Daemon) -> Details:
    family = str(daemon.manifest.architecture.get("model_type", "bert"))
    return Details(
        family=family,
        families=[family],
        parameter_size=f"{_parameters(daemon) / 1e6:.0f}M",
        quantization_level=daemon.chosen.variant.precision,
    )


def _parameters(daemon: Daemon) -> int:
    """Return how many numbers a BERT encoder has."""
    sizes = daemon.manifest.architecture
    hidden, inner = int(sizes["hidden_size"]), int(sizes["intermediate_size"])
    layer = 4 * hidden * (hidden + 1) + 2 * hidden * inner + inner + hidden + 4 * hidden
    rows = int(sizes["vocab_size"]) + int(sizes["max_position_embeddings"]) + 4
    return rows * hidden + int(sizes["num_hidden_layers"]) * layer


ROUTES = [embed, embeddings, tags, running, show, version]
