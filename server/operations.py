"""What the documentation says of a route, declared beside it: nothing is said twice, and a test holds each to it.

`server/openapi/` makes the OpenAPI document of it, `server/access.py` reads the scope.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from litestar import post, route
from litestar.handlers import HTTPRouteHandler

Scope = Literal["embed", "search", "write", "admin"]
SCOPES: tuple[Scope, ...] = ("embed", "search", "write", "admin")
KEY = "operation"
LIMITED = "x-limited-by"


def limited(by: str) -> msgspec.Meta:
    """Say that a value's bound is a setting's or the model's; `server/openapi/limits.py` has the rule by that name."""
    return msgspec.Meta(extra_json_schema={LIMITED: by})


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of the query, the path or a header; its schema is the type's."""

    name: str
    place: Literal["query", "path", "header"]
    kind: Any
    about: str
    required: bool = False


class Example(msgspec.Struct, frozen=True):
    """A request's body and, shortened, its answer."""

    request: Any
    response: Any


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Where an answer leads: another route, with a parameter or a body that holds what was answered.

    Values may be runtime expressions of OpenAPI, as `$response.body#/data/0/id`.
    """

    name: str
    about: str
    method: Literal["GET", "POST"]
    path: str
    parameters: Mapping[str, str] = {}
    body: Any = None


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One route. `scope` is what a key must allow: None where no key is needed, "any" where each key will do.

    `request` and `response` are the structs (or other types) of the bodies; `takes` and `gives` their media types, of
    which the first has the example. `errors` are the statuses besides those that every route of its kind has, and
    `answers` those with a body that is no error. `embeds` is false where a route for the scope embed has no use for
    the model.
    """

    summary: str
    scope: Scope | Literal["any"] | None
    response: Any
    about: str = ""
    request: Any = None
    takes: tuple[str, ...] = ("application/json",)
    gives: tuple[str, ...] = ("application/json",)
    parameters: tuple[Parameter, ...] = ()
    headers: Mapping[str, str] = {}
    status: int = 200
    errors: tuple[HTTPStatus, ...] = ()
    answers: Mapping[HTTPStatus, Any] = {}
    links: tuple[Link, ...] = ()
    embeds: bool = True
    example: Example | None = None


def operation_of(scope: Any) -> Operation | None:
    """Return the operation of the route that a request has found; Litestar's own answer to OPTIONS has none."""
    operation: Operation | None = scope["route_handler"].opt.get(KEY)
    return operation


def posted(path: str, operation: Operation) -> post:
    """Return the decorator of a handler for POST; Litestar would answer 201."""
    return post(path, status_code=operation.status, opt={KEY: operation})


def got(path: str, operation: Operation) -> HTTPRouteHandler:
    """Return the decorator of a handler for GET and, for who only wants to know, HEAD."""
    return route(path, http_method=["GET", "HEAD"], opt={KEY: operation})
