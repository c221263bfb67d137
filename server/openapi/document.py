"""The OpenAPI document: every route with its requests, answers and errors.

A pure function of the routes, dialects and limits; the same input gives the same bytes.
"""

import re
from collections.abc import Sequence
from typing import cast

import msgspec
from litestar.handlers import HTTPRouteHandler

from server.openapi.about import DESCRIPTION
from server.openapi.answers import HEADERS, answers_before_routing, problem_of, response_of
from server.openapi.causes import answers_of
from server.openapi.examples import lines_of, with_served_model
from server.openapi.filters import filter_components
from server.openapi.limits import Limits, Schema
from server.openapi.parameters import parameters_of
from server.openapi.schemas import Schemas
from server.web.dialect import Dialect, dialect_of
from server.web.encoding import BODIES
from server.web.key_scopes import KEY_SCOPES
from server.web.ndjson import NDJSON
from server.web.operations import KEY, Operation
from server.web.problem_document import ProblemDocument

KEY_SCHEME = "key"
IN_COLLECTION = "/collections/"
# Other types, which are accepted for clients that send JSON under another type, are not documented.
KNOWN = {*BODIES, NDJSON}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What the document describes. The last dialect is the native one."""

    routes: Sequence[HTTPRouteHandler]
    dialects: Sequence[Dialect]
    limits: Limits
    keys_required: bool
    version: str


def describe(subject: Subject) -> Schema:
    """Return the OpenAPI 3.1 document."""
    schemas, native, scopes = Schemas(subject.limits), subject.dialects[-1], ", ".join(KEY_SCOPES)
    schemas.of(ProblemDocument, native.name, answered=True)
    paths: dict[str, Schema] = {}
    for handler in subject.routes:
        for path in sorted(handler.paths):
            item = paths.setdefault(template_of(path), {})
            for method in sorted(handler.http_methods):
                item[method.lower()] = _operation(handler, path, str(method), schemas, subject)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "vecd",
            "version": subject.version,
            "summary": "Sentence embeddings over HTTP",
            "description": DESCRIPTION,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "."}],
        "tags": [{"name": one.name, "description": one.about} for one in (native, *subject.dialects[:-1])],
        "paths": paths,
        "components": {
            "schemas": dict(sorted((schemas.components | filter_components()).items())),
            "responses": answers_before_routing(native),
            "headers": HEADERS,
            "securitySchemes": {
                KEY_SCHEME: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"What `python -m server keys add` printed; it allows some of {scopes}, "
                    "and may reach some collections only.",
                }
            },
        },
    }


def template_of(path: str) -> str:
    """Return a path of Litestar as OpenAPI writes it."""
    return re.sub(r"\{(\w+):\w+\}", r"{\1}", path)


def operation_id(handler: HTTPRouteHandler, path: str, method: str = "") -> str:
    """Return the id of an operation, with a suffix in a named collection, and one for HEAD."""
    name = operation_at(handler).id
    if len(handler.paths) > 1 and path.startswith(IN_COLLECTION):
        name += "_in_collection"
    return f"{name}_{method.lower()}" if method == "HEAD" else name


def operation_at(handler: HTTPRouteHandler) -> Operation:
    return cast("Operation", handler.opt[KEY])


def _operation(handler: HTTPRouteHandler, path: str, method: str, schemas: Schemas, subject: Subject) -> Schema:
    operation = operation_at(handler)
    dialect, limits = dialect_of(path, subject.dialects), subject.limits
    found: Schema = {
        "tags": [dialect.name],
        "summary": operation.summary,
        "operationId": operation_id(handler, path, method),
        "security": _security(operation, required=subject.keys_required),
    }
    if operation.about:
        found["description"] = operation.about
    if parameters := parameters_of(operation, template_of(path), limits):
        found["parameters"] = parameters
    if operation.request is not None:
        found["requestBody"] = {
            "required": not operation.optional_body,
            "content": _content(operation, dialect, schemas, limits),
        }
    found["responses"] = _responses(operation, path, dialect, schemas, subject)
    return found


def _responses(operation: Operation, path: str, dialect: Dialect, schemas: Schemas, subject: Subject) -> Schema:
    responses = {str(operation.status): response_of(operation, dialect, schemas, subject.limits)}
    if operation.links:
        responses[str(operation.status)]["links"] = _links(operation, path, subject)
    for status, answer in answers_of(operation, dialect, keys_required=subject.keys_required).items():
        responses[str(status.value)] = problem_of(answer, dialect, schemas)
    for status, kind in operation.answers.items():
        own = responses.setdefault(str(status.value), {"description": f"{status.phrase}.", "headers": {}})
        if kind is not None:
            own.setdefault("content", {})["application/json"] = {
                "schema": schemas.of(kind, dialect.name, answered=True)
            }
    _add_answers_before_routing(responses, subject.dialects[-1])
    return dict(sorted(responses.items()))


def _security(operation: Operation, *, required: bool) -> list[dict[str, list[str]]]:
    if operation.scope is None:
        return []
    key = {KEY_SCHEME: [] if operation.scope == "any" else [str(operation.scope)]}
    return [key] if required else [{}, key]


def _content(operation: Operation, dialect: Dialect, schemas: Schemas, limits: Limits) -> Schema:
    schema = schemas.of(operation.request, dialect.name, answered=False)
    content: dict[str, Schema] = {media: {"schema": schema} for media in operation.takes if media in KNOWN}
    if operation.example is not None:
        content[operation.takes[0]]["example"] = with_served_model(operation.example.request, limits)
    if operation.lines is not None:
        content[NDJSON] = lines_of(operation.lines)
    return content


def _links(operation: Operation, path: str, subject: Subject) -> Schema:
    collection, named = "", dict[str, str]()
    if path.startswith(IN_COLLECTION):
        collection, named = path[: path.index("}") + 1], {"name": "$request.path.name"}
    targets = {
        (str(method), path): operation_id(handler, path, str(method))
        for handler in subject.routes
        for path in handler.paths
        for method in handler.http_methods
    }
    found = {}
    for link in operation.links:
        target, parameters = targets[link.method, collection + link.path], {**named, **link.parameters}
        more: Schema = {"parameters": parameters} if parameters else {}
        more |= {"requestBody": link.body} if link.body is not None else {}
        found[link.name] = {"operationId": target, "description": link.about, **more}
    return found


def _add_answers_before_routing(responses: dict[str, Schema], native: Dialect) -> None:
    """Add the answers before a route is found: problem documents in every dialect."""
    for status, answer in answers_before_routing(native).items():
        if status not in responses:
            responses[status] = {"$ref": f"#/components/responses/{status}"}
            continue
        own = responses[status]
        own["description"] = " ".join(dict.fromkeys([own["description"], answer["description"]]))
        own.setdefault("content", {}).setdefault(native.media_type, answer["content"][native.media_type])
