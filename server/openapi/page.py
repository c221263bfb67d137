"""The documentation: GET /openapi.json, and GET /docs with all files of the page."""

from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler

from server.access.keys import KeyRing
from server.openapi.document import Subject, describe
from server.openapi.limits import Model, limits_of
from server.version import VERSION
from server.web.context import Context
from server.web.dialect import Dialect
from server.web.operations import Operation, Parameter, handled
from server.web.pages import MEDIA, Asset, Page, asset_reply, digest_of, page_reply, policy_of
from server.web.replies import Reply

on_get = handled("GET", "HEAD")
STATIC = Path(__file__).resolve().parent.parent / "static"
VENDOR = STATIC / "vendor" / "swagger-ui-dist-5.35.0"
FILES = (VENDOR / "swagger-ui.css", VENDOR / "swagger-ui-bundle.js", STATIC / "docs.js")
POLICY = policy_of("'self' data:")  # Swagger UI has its images in data: URLs
STATE = "documentation"


class Documentation(msgspec.Struct, frozen=True):
    """The OpenAPI document with and without required keys, and the page."""

    keys: KeyRing
    with_keys: bytes
    without_keys: bytes
    page: Page


def document(
    context: Context, keys: KeyRing, routes: Sequence[HTTPRouteHandler], dialects: Sequence[Dialect]
) -> Documentation:
    """Make the documents of a daemon with these routes, and read the page."""
    facts = context.backend.facts
    model = Model(
        names=context.names.all,
        prompts=facts.prompts,
        dimensions=facts.dimensions,
        vocabulary=facts.vocabulary,
        passage_tokens=facts.passage_tokens,
    )
    limits = limits_of(context.settings, model)
    with_keys, without_keys = (
        describe(Subject(routes=routes, dialects=dialects, limits=limits, keys_required=required, version=VERSION))
        for required in (True, False)
    )
    return load_documentation(keys, with_keys, without_keys)


def load_documentation(keys: KeyRing, with_keys: Any, without_keys: Any) -> Documentation:
    """Read the page and its files, and encode the documents."""
    html, assets = (STATIC / "docs.html").read_text("utf-8"), dict[str, Asset]()
    for path in FILES:
        content = path.read_bytes()
        address = f"{digest_of([content])}/{path.name}"
        assets[address] = Asset(MEDIA[path.suffix], content)
        html = html.replace(f"{{{path.name}}}", f"docs/assets/{address}")
    page = Page(html=html.encode(), policy=POLICY, assets=assets)
    return Documentation(keys, msgspec.json.encode(with_keys), msgspec.json.encode(without_keys), page)


@on_get(
    "/openapi.json", Operation(id="docs_openapi", summary="Show this document", scope=None, response=dict[str, Any])
)
async def openapi(request: Request[Any, Any, Any]) -> Reply:
    found = _documentation(request)
    return Reply(found.with_keys if found.keys.required else found.without_keys)


@on_get(
    "/docs",
    Operation(id="docs_page", summary="Show this document as a page", scope=None, response=str, gives=("text/html",)),
)
async def page(request: Request[Any, Any, Any]) -> Reply:
    return page_reply(_documentation(request).page)


@on_get(
    "/docs/assets/{digest:str}/{name:str}",
    Operation(
        id="docs_asset",
        summary="Show a file of the page",
        scope=None,
        response=str,
        gives=("text/css", "text/javascript"),
        parameters=(
            Parameter(name="digest", place="path", kind=str, about="of the file's content", required=True),
            Parameter(name="name", place="path", kind=str, about="the file's name", required=True),
        ),
        headers={"cache-control": "The file never changes under this address."},
        errors=(HTTPStatus.NOT_FOUND,),
    ),
)
async def asset(request: Request[Any, Any, Any]) -> Reply:
    return asset_reply(_documentation(request).page, request.path_params["digest"], request.path_params["name"])


def _documentation(request: Request[Any, Any, Any]) -> Documentation:
    return cast("Documentation", request.app.state[STATE])


ROUTES = [openapi, page, asset]
