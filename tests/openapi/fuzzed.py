"""The document of the tiny model as Schemathesis reads it, and what its requests need before they can be sent."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import schemathesis
from schemathesis.generation import GenerationMode

from server.app import DIALECTS, ROUTES
from server.caller import TIMEOUT_HEADER
from server.daemon import VERSION
from server.decoding import MESSAGE_PACK
from server.openapi import Subject, describe, limits_of
from server.settings import Settings
from tests.tiny import TINY, tiny_config

Case = schemathesis.Case[Any]
# The one route that is asked to hurry: an answer that comes too late says nothing else.
HURRIED = "/embed"
MAX_TEXTS, MAX_TEXT_BYTES, MAX_BODY_BYTES = 8, 5000, 100_000
# Small limits, so that whoever generates requests reaches them.
SETTINGS = Settings(max_client_batch_size=MAX_TEXTS, max_text_bytes=MAX_TEXT_BYTES, max_body_bytes=MAX_BODY_BYTES)
FLAGS = (
    *("--max-client-batch-size", str(MAX_TEXTS)),
    *("--max-text-bytes", str(MAX_TEXT_BYTES)),
    *("--max-body-bytes", str(MAX_BODY_BYTES)),
)


def config(mode: str) -> schemathesis.Config:
    """Return what counts as an answer: of its own accord the server never fails, but it may be late where it must."""
    return schemathesis.Config.from_dict(
        {
            # HTTP lets everybody send headers and parameters that nobody asked for.
            "generation": {"allow-extra-parameters": False, "mode": mode},
            "checks": {
                "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "504"]},
                "negative_data_rejection": {"expected-statuses": ["400", "401", "404", "406", "413", "415", "422"]},
                "positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", "404", "504"]},
            },
        }
    )


def tiny_document(*, keys_required: bool) -> dict[str, Any]:
    """Return the document of a daemon over the tiny model with these limits."""
    limits = limits_of(SETTINGS, (TINY,), tiny_config(), ("query",))
    return describe(
        Subject(routes=ROUTES, dialects=DIALECTS, limits=limits, keys_required=keys_required, version=VERSION)
    )


@schemathesis.serializer(*MESSAGE_PACK)
def pack(_: Any, value: Any) -> bytes:
    """Encode a body in MessagePack."""
    return msgspec.msgpack.encode(narrow(value))


@schemathesis.deserializer(*MESSAGE_PACK)
def unpack(_: Any, response: schemathesis.Response) -> Any:
    """Decode an answer in MessagePack."""
    return msgspec.msgpack.decode(response.content)


def adapt(case: Case) -> None:
    """Change what a JSON schema cannot say: 10.0 is a whole number there, and two lists know nothing of each other."""
    case.body = whole(case.body)
    if case.path != HURRIED:
        case.headers.pop(TIMEOUT_HEADER.decode(), None)
    valid = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if valid and case.path == "/similarity" and isinstance(case.body, dict):
        body: dict[str, Any] = case.body
        case.body = body | {"b": (body.get("b") or [])[: MAX_TEXTS - len(body["a"])]}


def narrow(value: Any) -> Any:
    """Return a body in which integers of more than 64 bits, of which MessagePack knows none, are floats."""
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float(value)
    return mapped(value, narrow)


def whole(value: Any) -> Any:
    """Return a body in which whole numbers are integers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return mapped(value, whole)


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a list or a mapping with its values changed, and anything else as it is."""
    if isinstance(value, Mapping):
        return {name: change(inner) for name, inner in value.items()}
    return [change(inner) for inner in value] if isinstance(value, list) else value
