"""The documentation: GET /openapi.json, and GET /docs with all files of the page.

The content security policy lets the page load scripts, styles and data of this server only. The address of a file holds
a digest of its content, so that browsers can cache it forever.
"""

import hashlib
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import msgspec
from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from server.access.keys import KeyRing
from server.openapi.document import Subject, describe
from server.openapi.limits import Model, limits_of
from server.version import VERSION
from server.web.context import Context
from server.web.dialect import Dialect
from server.web.operations import Operation, Parameter, handled
from server.web.replies import Reply

on_get = handled("GET", "HEAD")
STATIC = Path(__file__).resolve().parent.parent / "static"
VENDOR = STATIC / "vendor" / "swagger-ui-dist-5.35.0"
HTML, SCRIPT, STYLE = "text/html; charset=utf-8", "text/javascript; charset=utf-8", "text/css; charset=utf-8"
DIGEST_DIGITS = 16
# `default-src 'none'`: what is not named here is not loaded. Swagger UI has its images in data: URLs.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FOREVER = {"cache-control": "public, max-age=31536000, immutable"}
STATE = "documentation"


class Documentation(msgspec.Struct, frozen=True):
    """The OpenAPI document with and without required keys; the page; and its files by their addresses."""

    keys: KeyRing
    with_keys: bytes
    without_keys: bytes
    page: bytes
    assets: dict[str, tuple[str, bytes]]


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
    files = [
        (VENDOR / "swagger-ui.css", STYLE),
        (VENDOR / "swagger-ui-bundle.js", SCRIPT),
        (STATIC / "docs.js", SCRIPT),
    ]
    page, assets = (STATIC / "docs.html").read_text("utf-8"), {}
    for path, media in files:
        content = path.read_bytes()
        address = f"{hashlib.sha256(content).hexdigest()[:DIGEST_DIGITS]}/{path.name}"
        assets[address] = (media, content)
        page = page.replace(f"{{{path.name}}}", f"docs/assets/{address}")
    return Documentation(keys, msgspec.json.encode(with_keys), msgspec.json.encode(without_keys), page.encode(), assets)


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
    headers = {"content-security-policy": POLICY, "cache-control": "no-cache"}
    return Reply(_documentation(request).page, media_type=HTML, headers=headers)


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
    address = "{digest}/{name}".format(**request.path_params)
    if address not in _documentation(request).assets:
        raise NotFoundException(status_code=HTTPStatus.NOT_FOUND)
    media, content = _documentation(request).assets[address]
    return Reply(content, media_type=media, headers=FOREVER)


@on_get(
    "/",
    Operation(
        id="docs_front",
        summary="Lead to the documentation",
        scope=None,
        response=None,
        status=307,
        gives=("text/html",),
        headers={"location": "/docs"},
    ),
)
async def front() -> Reply:
    return Reply(b"", status=307, media_type=HTML, headers={"location": "docs"})


def _documentation(request: Request[Any, Any, Any]) -> Documentation:
    return cast("Documentation", request.app.state[STATE])


ROUTES = [front, openapi, page, asset]
