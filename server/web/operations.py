"""What the documentation says of a route, declared beside it: nothing is said twice, and a test holds each to it.

`server/openapi/` makes the OpenAPI document of it, `server/access/access.py` reads the scope.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from litestar import route
from litestar.handlers import HTTPRouteHandler
from litestar.types import Method

from server.contract.errors import ServerError
from server.web.key_scopes import KeyScope

# What requests are for, as /stats counts them.
Purpose = Literal["embed", "batch", "search", "index"]

KEY = "operation"
LIMITED = "x-limited-by"
# Token ids in place of one text: many times what any model takes.
MOST_IDS = 4096


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


class Lines(msgspec.Struct, frozen=True):
    """What each line of a body of NDJSON is, and some of them as an example."""

    kind: type
    examples: tuple[Any, ...]


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Where an answer leads: another route, with a parameter or a body that holds what was answered.

    Values may be runtime expressions of OpenAPI, as `$response.body#/data/0/id`. Within a collection it leads to the
    same collection.
    """

    name: str
    about: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    parameters: Mapping[str, str] = {}
    body: Any = None


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One route.

    `id` is its name for generated clients, which never changes. `scope` is what a key must allow: None where no key is
    needed, "any" where each key will do.
    `request` and `response` are the structs (or other types) of the bodies; `takes` and `gives` their media types, of
    which the first has the example; `lines` describes a body of NDJSON, where that is taken. `errors` are the statuses
    besides those that every route of its kind has, and `answers` those with a body that is no error; `raises` are the
    errors that few routes have. `embeds` says whether the model is used; left out, it is where the scope is embed.
    `purpose` is what the request counts as in /stats. `hints` say, by the names of unknown fields, what may have been
    meant. A route with an `optional_body` takes none as `{}`.
    """

    id: str
    summary: str
    scope: KeyScope | Literal["any"] | None
    response: Any
    about: str = ""
    request: Any = None
    lines: Lines | None = None
    takes: tuple[str, ...] = ("application/json",)
    gives: tuple[str, ...] = ("application/json",)
    parameters: tuple[Parameter, ...] = ()
    headers: Mapping[str, str] = {}
    status: int = 200
    errors: tuple[HTTPStatus, ...] = ()
    raises: tuple[type[ServerError], ...] = ()
    answers: Mapping[HTTPStatus, Any] = {}
    links: tuple[Link, ...] = ()
    embeds: bool | None = None
    purpose: Purpose | None = None
    example: Example | None = None
    hints: Mapping[str, str] = {}
    optional_body: bool = False

    @property
    def uses_model(self) -> bool:
        """Say whether texts are embedded."""
        return self.scope == "embed" if self.embeds is None else self.embeds


def operation_of(scope: Any) -> Operation | None:
    """Return the operation of the route that a request has found; Litestar's own answer to OPTIONS has none."""
    operation: Operation | None = scope["route_handler"].opt.get(KEY)
    return operation


Handler = Callable[..., Any]


def handled(*methods: Method) -> Callable[[str | list[str], Operation], Callable[[Handler], HTTPRouteHandler]]:
    """Return a decorator for handlers that answer these methods; the client that asks with HEAD gets no body."""

    # Litestar would answer POST with 201 and DELETE with 204.
    def decorator(path: str | list[str], operation: Operation) -> Callable[[Handler], HTTPRouteHandler]:
        return route(path, http_method=list(methods), status_code=operation.status, opt={KEY: operation})

    return decorator
