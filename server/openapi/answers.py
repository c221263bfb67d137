"""Answers as OpenAPI writes them: descriptions, headers, and a schema for each media type."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from server.openapi.causes import BEFORE_ROUTING, SAMPLE_ID, Answer
from server.openapi.examples import with_served_model
from server.openapi.limits import PLACE, Limits, Schema
from server.openapi.schemas import Schemas
from server.web.dialect import Dialect
from server.web.encoding import OCTETS
from server.web.operations import Operation
from server.web.problem_document import ProblemDocument

TEXT: Schema = {"type": "string"}


def _header(about: str, schema: Schema, *, required: bool = False) -> Schema:
    return {"description": about, "required": required, "schema": schema}


# The headers of answers.
HEADERS: dict[str, Schema] = {
    "x-request-id": _header("The request's id: the client's own, if it was short and plain.", TEXT, required=True),
    "retry-after": _header("Seconds after which to try again.", {"type": "integer", "minimum": 1}, required=True),
    "www-authenticate": _header("Says that a key is required.", TEXT, required=True),
    "server-timing": _header(
        "Milliseconds in queue, tokenizer, inference; `index`: a write was held up (W3C Server Timing).",
        TEXT,
        required=True,
    ),
    "x-truncated-inputs": _header("How many texts were truncated, if any.", {"type": "integer", "minimum": 1}),
    "x-embedding-shape": _header(
        "Rows and columns of a body of raw numbers.", {"type": "string", "pattern": "^\\d+,\\d+$"}
    ),
    "ratelimit": _header(
        "What is left (r), and the seconds until the whole limit is left (t), where there is one.", TEXT
    ),
    "ratelimit-policy": _header("The limits (q) and their window in seconds (w), where there are any.", TEXT),
}


def response_of(operation: Operation, dialect: Dialect, schemas: Schemas, limits: Limits) -> Schema:
    """Return a route's answer to a request that succeeds."""
    names = ["x-request-id", "server-timing"]
    names += ["x-truncated-inputs"] if operation.uses_model else []
    names += ["x-embedding-shape"] if OCTETS in operation.gives else []
    names += ["ratelimit", "ratelimit-policy"] if operation.scope is not None else []
    found: Schema = {
        "description": HTTPStatus(operation.status).phrase,
        "headers": _refer(names) | {name: _header(about, TEXT) for name, about in operation.headers.items()},
    }
    if operation.response is None:
        return found
    schema = schemas.of(operation.response, dialect.name, answered=True)
    content: dict[str, Schema] = {}
    for media in operation.gives:
        content[media] = {} if media == OCTETS else {"schema": schema}
    if operation.example is not None:
        content[operation.gives[0]]["example"] = with_served_model(operation.example.response, limits)
    return found | {"content": content}


def problem_of(answer: Answer, dialect: Dialect, schemas: Schemas) -> Schema:
    """Return a route's answer with an error status."""
    return {
        "description": " ".join(answer.reasons),
        "headers": _refer(["x-request-id", "server-timing", *sorted(answer.headers)]),
        "content": {dialect.media_type: {"schema": schemas.error_of(dialect), "example": answer.sample}},
    }


def answers_before_routing(native: Dialect) -> dict[str, Schema]:
    """Return the answers that a request can get before its route is found, by status."""
    return {
        str(status.value): {
            "description": about,
            "headers": _refer(["x-request-id"]),
            "content": {
                native.media_type: {
                    "schema": {"$ref": f"{PLACE}{native.name}.{ProblemDocument.__name__}"},
                    "example": _problem(status, about),
                }
            },
        }
        for status, about in sorted(BEFORE_ROUTING.items())
    }


def _problem(status: HTTPStatus, detail: str) -> Mapping[str, Any]:
    return {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "request_id": SAMPLE_ID,
    }


def _refer(names: list[str]) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
