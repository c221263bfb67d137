"""The declaration of a route, beside its handler.

`server/openapi/` makes the OpenAPI document of it, `server/access/access.py` reads the scope; tests hold handlers to
it.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from litestar import route
from litestar.handlers import HTTPRouteHandler
from litestar.types import Method

from server.contract.errors import ServerError
from server.contract.limits import DEFAULT_COLLECTION
from server.web.key_scopes import KeyScope

# The purposes by which /stats counts requests.
Purpose = Literal["embed", "batch", "search", "index"]

KEY = "operation"
# The parameter of the path that names a collection; without it the route is that of the default one.
COLLECTION_PARAMETER = "name"
LIMITED = "x-limited-by"
# Token ids in place of one text: many times the length of any model.
MAX_IDS = 4096


def limited(by: str) -> msgspec.Meta:
    """Mark a value that a setting or the model bounds; `server/openapi/limits.py` has the rule with that name."""
    return msgspec.Meta(extra_json_schema={LIMITED: by})


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of the query or path, or a header; its schema is that of the type `kind`."""

    name: str
    place: Literal["query", "path", "header"]
    kind: Any
    about: str
    required: bool = False


class Example(msgspec.Struct, frozen=True):
    """The body of a request and, shortened, its answer."""

    request: Any
    response: Any


class Lines(msgspec.Struct, frozen=True):
    """The type of each line of a body of NDJSON, and some lines as an example."""

    kind: type
    examples: tuple[Any, ...]


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link of OpenAPI: another route, with a parameter or a body that holds a part of the answer.

    Values may be runtime expressions of OpenAPI, as `$response.body#/data/0/id`. Within a collection the link leads to
    the same collection.
    """

    name: str
    about: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    parameters: Mapping[str, str] = {}
    body: Any = None


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One route.

    `id` is its name for generated clients, which never changes. `scope` is the scope that a key needs: None where no
    key is needed, "any" where every key is accepted. `request` and `response` are the types of the bodies; `takes` and
    `gives` their media types, of which the first has the example; `lines` describes a body of NDJSON, where that is
    taken. `errors` are statuses besides those that every route of its kind has, and `answers` those whose body is not
    an error; `raises` are the errors that few routes have. `embeds` says whether the model is used; by default it is
    where the scope is embed. `purpose` is how /stats counts the request. `hints` tell, by the names of unknown fields,
    what was probably meant. A route with an `optional_body` takes none as `{}`. Its paths
    are served exactly as they are written, and `also` in these ways, which the router takes for the same.
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
    also: tuple[str, ...] = ()

    @property
    def in_collection(self) -> bool:
        """Whether it is about one collection, of which a key must be allowed."""
        return any(one.name == COLLECTION_PARAMETER and one.place == "path" for one in self.parameters) and (
            self.scope not in {None, "any"}
        )

    @property
    def uses_model(self) -> bool:
        return self.scope == "embed" if self.embeds is None else self.embeds


def operation_of(scope: Any) -> Operation | None:
    """Return the operation of a request's route; a route for OPTIONS has none."""
    operation: Operation | None = scope["route_handler"].opt.get(KEY)
    return operation


def collection_of(scope: Any) -> str:
    """Return the name of a request's collection: the one in its path, or that of the default one."""
    return str(scope.get("path_params", {}).get(COLLECTION_PARAMETER, DEFAULT_COLLECTION))


Handler = Callable[..., Any]


def handled(*methods: Method) -> Callable[[str | list[str], Operation], Callable[[Handler], HTTPRouteHandler]]:
    """Return a decorator for handlers of these methods; the answer to HEAD is sent without its body."""

    # Litestar would answer POST with 201 and DELETE with 204.
    def decorator(path: str | list[str], operation: Operation) -> Callable[[Handler], HTTPRouteHandler]:
        return route(path, http_method=list(methods), status_code=operation.status, opt={KEY: operation})

    return decorator
