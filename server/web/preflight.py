"""OPTIONS: the methods of each path. In: all routes; out: a handler for each path.

Litestar makes such handlers itself, but where a path has several handlers it names the methods of the first only. It
keeps one that exists already, so these have to be registered first.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from litestar import Request, Response, route
from litestar.handlers import HTTPRouteHandler


def answering_options(routes: Iterable[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    methods: dict[str, set[str]] = {}
    for one in routes:
        for path in one.paths:
            methods.setdefault(path, {"OPTIONS"}).update(map(str, one.http_methods))
    return [_answering(path, ", ".join(sorted(known))) for path, known in sorted(methods.items())]


def _answering(path: str, allowed: str) -> HTTPRouteHandler:
    @route(path, http_method=["OPTIONS"], status_code=HTTPStatus.NO_CONTENT)
    async def options(request: Request[Any, Any, Any]) -> Response[None]:  # noqa: ARG001 - the same answer to every request
        return Response(None, status_code=HTTPStatus.NO_CONTENT, headers={"allow": allowed})

    return options
