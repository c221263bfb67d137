"""The routes of text-embeddings-inference that do not embed: tokens, the model, health and metrics."""

from http import HTTPStatus

import msgspec

from server.contract.embedding import Token
from server.contract.errors import UnacceptableInputError
from server.dialects.asked import Asked, on_get, on_post
from server.dialects.health import METRICS, NOT_READY, reply_metrics
from server.dialects.inputs import Given, input_limits, read_inputs
from server.dialects.tei.bodies import (
    MAX_BYTES,
    DecodeRequest,
    ErrorDocument,
    Info,
    ModelType,
    Pooling,
    TokenizeRequest,
)
from server.version import VERSION
from server.web.operations import Link, Operation
from server.web.replies import Reply

DTYPES = {"int8": "int8", "fp16": "float16", "fp32": "float32"}


TO_TEXT = Link(
    name="decode",
    about="The text of the first token.",
    method="POST",
    path="/tei/decode",
    body={"ids": ["$response.body#/0/0/id"]},
)


@on_post(
    "/tei/tokenize",
    Operation(
        id="tei_model_tokenize",
        summary="Tokenize texts",
        scope="embed",
        request=TokenizeRequest,
        response=list[list[Token]],
        links=(TO_TEXT,),
        embeds=False,
    ),
)
async def tokenize(asked: Asked) -> Reply:
    data = await asked.body(TokenizeRequest)
    given: Given = data.inputs if isinstance(data.inputs, str) else [*data.inputs]
    texts = [str(text) for text in read_inputs(given, "inputs", input_limits(asked.settings))]
    prompt = asked.facts.prompts.get(data.prompt_name or "", "")
    size = sum(len(text.encode()) for text in texts) + len(texts) * len(prompt.encode())
    if size > MAX_BYTES:
        message = f"the texts have {size} bytes together; tokens are shown for at most {MAX_BYTES}"
        raise UnacceptableInputError(message, "inputs")
    demand = asked.demand(prompt=data.prompt_name)
    found = await asked.backend.tokenize(texts, demand, add_special_tokens=data.add_special_tokens)
    return Reply(msgspec.json.encode(found))


@on_post(
    "/tei/decode",
    Operation(
        id="tei_model_decode",
        summary="Decode token ids",
        scope="embed",
        request=DecodeRequest,
        response=list[str],
        embeds=False,
    ),
)
async def decode(asked: Asked) -> Reply:
    data = await asked.body(DecodeRequest)
    limits = msgspec.structs.replace(input_limits(asked.settings), accept_token_ids=True)
    if (count := sum(1 if isinstance(one, int) else len(one) for one in data.ids)) > MAX_BYTES:
        message = f"{count} token ids together; at most {MAX_BYTES} are decoded"
        raise UnacceptableInputError(message, "ids")
    ids = [one for one in read_inputs([*data.ids], "ids", limits) if isinstance(one, tuple)]
    texts = await asked.backend.detokenize(ids, asked.demand(), skip_special_tokens=data.skip_special_tokens)
    return asked.reply(texts)


@on_get(
    "/tei/info", Operation(id="tei_model_info", summary="Show the model and the limits", scope="any", response=Info)
)
async def info(asked: Asked) -> Reply:
    facts, settings = asked.facts, asked.settings
    shown = Info(
        model_id=facts.name,
        model_sha=facts.revision,
        model_dtype=DTYPES[facts.variant.precision],
        model_type=ModelType(Pooling(facts.pooling)),
        max_concurrent_requests=settings.max_concurrent_requests,
        max_input_length=facts.max_tokens,
        max_batch_tokens=facts.max_tokens_per_run,
        max_client_batch_size=settings.max_client_batch_size,
        auto_truncate=settings.auto_truncate,
        tokenization_workers=1,
        version=VERSION,
    )
    return asked.reply(shown)


@on_get(
    "/tei/health",
    Operation(
        id="tei_model_health",
        summary="Say whether requests are taken",
        about="503 while the server drains or a worker is dead; otherwise 200 with an empty body.",
        scope=None,
        response=None,
        answers={HTTPStatus.SERVICE_UNAVAILABLE: ErrorDocument},
    ),
)
async def health(asked: Asked) -> Reply:
    status = await asked.backend.status()
    if status.engine_ready and not asked.context.lifecycle.draining:
        return Reply(b"")
    document = ErrorDocument("not ready", "Unhealthy")
    return asked.reply(document, status=503, headers=NOT_READY)


@on_get("/tei/metrics", msgspec.structs.replace(METRICS, id="tei_model_metrics"))
async def metrics(asked: Asked) -> Reply:
    return await reply_metrics(asked)


ROUTES = [tokenize, decode, info, health, metrics]
