"""The document of the tiny model as Schemathesis reads it, and what its requests need before they can be sent."""

from collections.abc import Callable
from typing import Any

import msgspec
import schemathesis
from schemathesis.core import NOT_SET
from schemathesis.generation import GenerationMode

from index import parse_filter
from index.filters.tautology import holds_for_all
from server.access.caller import TIMEOUT_HEADER
from server.web.messagepack import MESSAGE_PACK
from server.web.ndjson import NDJSON
from server.web.replies import JSON
from tests.server.openapi.daemons.library import (
    fit_any_id,
    fit_document,
    fit_filter,
    fit_id,
    fit_integers,
    fit_search,
    mapped,
)
from tests.server.openapi.document import MAX_TEXTS, tiny_document
from tests.tiny import MAX_TOKENS

Case = schemathesis.Case[Any]
# The one route that is asked to hurry: an answer that comes too late says nothing else.
HURRIED = "/embed"
IN_COLLECTION = "/collections/{name}"
# Requests that may have no body.
BODILESS = {("PUT", ""), ("POST", "/index/count"), ("POST", "/index/projection")}
# Deleted by, in place of a filter that would delete everything, which no schema can tell.
ANY_OTHER = {"year": 1991}
# Listed by, in place of a text that is no filter.
FILTER = '{"0": {"$exists": true}}'


def config(mode: str, *, systematic: bool = True) -> schemathesis.Config:
    """Return what counts as an answer: of its own accord the server never fails, but it may be late where it must.

    What is not `systematic` has no requests besides those made up at random.
    """
    return schemathesis.Config.from_dict(
        {
            # HTTP lets everybody send headers and parameters that nobody asked for.
            "generation": {"allow-extra-parameters": False, "mode": mode},
            "phases": {"coverage": {"enabled": systematic}},
            "checks": {
                "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "504"]},
                "negative_data_rejection": {"expected-statuses": ["400", "401", "404", "406", "413", "415", "422"]},
                "positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", "404", "504"]},
            },
        }
    )


def fuzzed_document() -> dict[str, Any]:
    """Return the document without the second name of MessagePack in requests, which would be sent as the first is."""
    document = tiny_document(keys_required=True)
    for item in document["paths"].values():
        for operation in item.values():
            operation.get("requestBody", {"content": {}})["content"].pop(MESSAGE_PACK[1], None)
    return document


@schemathesis.serializer(*MESSAGE_PACK)
def pack(_: Any, value: Any) -> bytes:
    """Encode a body in MessagePack."""
    return msgspec.msgpack.encode(narrow(value))


@schemathesis.deserializer(*MESSAGE_PACK)
def unpack(_: Any, response: schemathesis.Response) -> Any:
    """Decode an answer in MessagePack."""
    return msgspec.msgpack.decode(response.content)


@schemathesis.serializer(NDJSON)
def lines(_: Any, value: Any) -> bytes:
    """Encode a body of NDJSON, which is a text to the document."""
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)


def adapt(case: Case) -> None:
    """Change what a JSON schema cannot say: 10.0 is a whole number there, and two lists know nothing of each other."""
    case.body = whole(case.body)
    if case.path != HURRIED:
        case.headers.pop(TIMEOUT_HEADER.decode(), None)
    if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
        _fit(case)
    elif case.body is NOT_SET and (case.method, case.path.removeprefix(IN_COLLECTION)) in BODILESS:
        case.body, case.media_type = [], JSON  # none is right
    elif case.media_type == NDJSON:
        case.media_type = JSON  # what is wrong with a line is told, and no reason to refuse the others


def _fit(case: Case) -> None:
    """Make a right request right where only the server knows what that is."""
    route = case.path.removeprefix(IN_COLLECTION)
    if "name" in case.path_parameters and case.path.startswith(IN_COLLECTION):
        # Few collections, as each has a thread; and of those whose documents are asked for, the one that has some.
        case.path_parameters["name"] = "default" if route else case.path_parameters["name"][:1]
    for place in (case.path_parameters, case.query):
        if isinstance(place.get("id"), str):
            place["id"] = fit_id(place["id"])
    if "filter" in case.query:
        case.query["filter"] = FILTER
    if route in FITTING and isinstance(case.body, dict):
        case.body = FITTING[route](case.body)


def _fit_similarity(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"b": (body.get("b") or [])[: MAX_TEXTS - len(body["a"])]}


def _fit_deletion(body: dict[str, Any]) -> dict[str, Any]:
    if body.get("filter") is not None:
        filter_ = fit_filter(body["filter"])
        return body | {"filter": ANY_OTHER if holds_for_all(parse_filter(filter_)) else filter_}
    return body | {"ids": [fit_any_id(one) for one in body["ids"]]}


def _fit_selection(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"filter": fit_filter(body["filter"])} if body.get("filter") else body


def _fit_settings(body: dict[str, Any]) -> dict[str, Any]:
    """Have passages share at most half of their tokens."""
    if not body.get("passages"):
        return body
    passages = dict(body["passages"])
    if "overlap_tokens" in passages:
        half = passages.get("max_tokens", MAX_TOKENS - 2) // 2
        passages["overlap_tokens"] = min(passages["overlap_tokens"], half)
    return body | {"passages": passages}


FITTING: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "": _fit_settings,
    "/similarity": _fit_similarity,
    "/index": fit_document,
    "/index/batch": lambda body: {"documents": [fit_document(one) for one in body["documents"]]},
    "/index/{id}": fit_integers,
    "/index/delete": _fit_deletion,
    "/index/count": _fit_selection,
    "/index/facets": _fit_selection,
    "/index/projection": _fit_selection,
    "/search": fit_search,
    "/search/batch": lambda body: {"searches": [fit_search(one) for one in body["searches"]]},
}


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
