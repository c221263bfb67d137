"""The document of the tiny model's daemon, and the limits with which the daemon and the document are made."""

from typing import Any

from server.openapi import Model, Subject, describe, limits_of
from server.routes import DIALECTS, ROUTES
from server.settings import Settings
from server.version import VERSION
from tests.tiny import MAX_TOKENS, TINY, tiny_config

MAX_TEXTS, MAX_TEXT_BYTES, MAX_BODY_BYTES = 8, 5000, 100_000
# Small limits, so that whoever generates requests reaches them.
SETTINGS = Settings(max_client_batch_size=MAX_TEXTS, max_text_bytes=MAX_TEXT_BYTES, max_body_bytes=MAX_BODY_BYTES)
FLAGS = (
    *("--max-client-batch-size", str(MAX_TEXTS)),
    *("--max-text-bytes", str(MAX_TEXT_BYTES)),
    *("--max-body-bytes", str(MAX_BODY_BYTES)),
)


def tiny_document(*, keys_required: bool) -> dict[str, Any]:
    """Return the document of a daemon over the tiny model with these limits."""
    sizes: dict[str, Any] = tiny_config()
    model = Model(
        names=(TINY,),
        prompts=("query",),
        dimensions=sizes["hidden_size"],
        vocabulary=sizes["vocab_size"],
        passage_tokens=MAX_TOKENS - 2,
    )
    limits = limits_of(SETTINGS, model)
    return describe(
        Subject(routes=ROUTES, dialects=DIALECTS, limits=limits, keys_required=keys_required, version=VERSION)
    )
