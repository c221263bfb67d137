"""The dialect of text-embeddings-inference, where nothing is embedded: tokens, the model, health and metrics."""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request

from server.bodies.tei import MOST_BYTES, DecodeRequest, ErrorDocument, Info, ModelType, Pooling, Token, TokenizeRequest
from server.daemon import VERSION, daemon_of
from server.decoding import decode_body
from server.errors import UnacceptableInputError
from server.inputs import Given, read_inputs
from server.operations import Link, Operation, got, posted
from server.replies import Reply
from server.routes.status import METRICS, NOT_READY, reply_metrics

Asked = Request[Any, Any, Any]
DTYPES = {"int8": "int8", "fp16": "float16", "fp32": "float32"}


TO_TEXT = Link(
    name="decode",
    about="The text of the first token.",
    method="POST",
    path="/tei/decode",
    body={"ids": ["$response.body#/0/0/id"]},
)


@posted(
    "/tei/tokenize",
    Operation(
        summary="Tokenize texts",
        scope="embed",
        request=TokenizeRequest,
        response=list[list[Token]],
        links=(TO_TEXT,),
        embeds=False,
    ),
)
async def tokenize(request: Asked) -> Reply:
    """Show the tokens of texts; nothing is truncated."""
    data, daemon = await decode_body(request, TokenizeRequest), daemon_of(request)
    given: Given = data.inputs if isinstance(data.inputs, str) else [*data.inputs]
    inputs = read_inputs(given, "inputs", daemon.embedder.bounds)
    texts = [str(text) for text in daemon.embedder.prepare(inputs, data.prompt_name)]
    if (size := sum(len(text.encode()) for text in texts)) > MOST_BYTES:
        message = f"the texts have {size} bytes together, and the tokens of {MOST_BYTES} are shown at most"
        raise UnacceptableInputError(message, "inputs")
    with daemon.engine.enter():
        return Reply(await daemon.tokens.describe(texts, add_special_tokens=data.add_special_tokens))


@posted(
    "/tei/decode",
    Operation(summary="Decode token ids", scope="embed", request=DecodeRequest, response=list[str], embeds=False),
)
async def decode(request: Asked) -> Reply:
    """Turn token ids into texts."""
    data, daemon = await decode_body(request, DecodeRequest), daemon_of(request)
    bounds = msgspec.structs.replace(daemon.embedder.bounds, accept_token_ids=True)
    if (count := sum(1 if isinstance(one, int) else len(one) for one in data.ids)) > MOST_BYTES:
        message = f"{count} token ids together, and {MOST_BYTES} are decoded at most"
        raise UnacceptableInputError(message, "ids")
    ids = [one for one in read_inputs([*data.ids], "ids", bounds) if isinstance(one, tuple)]
    with daemon.engine.enter():
        texts = await daemon.tokens.decode(ids, skip_special_tokens=data.skip_special_tokens)
    return Reply(msgspec.json.encode(texts))


@got("/tei/info", Operation(summary="Show the model and the limits", scope="any", response=Info))
async def info(request: Asked) -> Reply:
    """Show the model and the limits."""
    daemon = daemon_of(request)
    manifest, settings = daemon.manifest, daemon.settings
    shown = Info(
        model_id=manifest.name,
        model_sha=manifest.revision,
        model_dtype=DTYPES[daemon.chosen.variant.precision],
        model_type=ModelType(Pooling(manifest.pooling)),
        max_concurrent_requests=settings.max_concurrent_requests,
        max_input_length=manifest.max_tokens,
        max_batch_tokens=daemon.engine.workers.plan.max_tokens_per_run,
        max_client_batch_size=settings.max_client_batch_size,
        auto_truncate=settings.auto_truncate,
        tokenization_workers=1,
        version=VERSION,
    )
    return Reply(msgspec.json.encode(shown))


@got(
    "/tei/health",
    Operation(
        summary="Say whether requests are taken",
        about="503 while the server drains or a worker is dead; nothing is said where all is well.",
        scope=None,
        response=None,
        answers={HTTPStatus.SERVICE_UNAVAILABLE: ErrorDocument},
    ),
)
async def health(request: Asked) -> Reply:
    """Answer 200 with nothing, or 503 while the server drains or a worker is dead."""
    if daemon_of(request).engine.ready:
        return Reply(b"")
    document = ErrorDocument("not ready", "Unhealthy")
    return Reply(msgspec.json.encode(document), status=503, headers=NOT_READY)


@got("/tei/metrics", (METRICS))
async def metrics(request: Asked) -> Reply:
    """Show the same as /metrics."""
    return reply_metrics(request)


ROUTES = [tokenize, decode, info, health, metrics]
