"""Parameters as OpenAPI writes them: those of the route, and the headers of every route with a scope."""

from typing import Annotated

import msgspec

from server.access.caller import LONGEST_MS, TIMEOUT_HEADER
from server.openapi.limits import Limits, Schema, resolve_markers
from server.web.operations import Operation, Parameter

REQUEST_ID = Parameter(
    name="x-request-id", place="header", kind=str, about="an id for the answer and the log: up to 128 plain characters"
)
TIMEOUT = Parameter(
    name=TIMEOUT_HEADER.decode(),
    place="header",
    kind=Annotated[int, msgspec.Meta(ge=1, le=LONGEST_MS)],
    about="how long the client will wait: work that has not begun by then is dropped",
)


def parameters_of(operation: Operation, path: str, limits: Limits) -> list[Schema]:
    """Return the parameters of a route; of an operation with several paths, those in this path only."""
    headers = () if operation.scope is None else (TIMEOUT, REQUEST_ID)
    read = [one for one in operation.parameters if one.place != "path" or f"{{{one.name}}}" in path]
    return [_parameter(one, limits) for one in (*read, *headers)]


def _parameter(parameter: Parameter, limits: Limits) -> Schema:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.about[:1].upper() + parameter.about[1:] + ".",
        "required": parameter.required,
        "schema": resolve_markers(msgspec.json.schema(parameter.kind), limits),
    }
