"""GET /, the console, and its files under `console/`.

Modules import each other by relative addresses, so all files lie under one digest, that of them all. The page names
them relative to itself, and is the same behind a sub-path.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from litestar import Request

from server.web.operations import Operation, Parameter, handled
from server.web.pages import MEDIA, Asset, Page, asset_reply, digest_of, page_reply, policy_of
from server.web.replies import Reply

on_get = handled("GET", "HEAD")
FOLDER = Path(__file__).resolve().parent.parent / "static" / "console"
DOCUMENT = "index.html"
# Stands in the document for the address of the folder with its files.
PLACE = "{files}"
POLICY = policy_of("'self'")
STATE = "console"


def load_console(folder: Path = FOLDER) -> Page:
    """Read the page with all its files."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in MEDIA)
    names = [path.relative_to(folder).as_posix() for path in paths]
    contents = [path.read_bytes() for path in paths]
    digest = digest_of(part for pair in zip(map(str.encode, names), contents, strict=True) for part in pair)
    assets = {
        f"{digest}/{name}": Asset(MEDIA[path.suffix], content)
        for path, name, content in zip(paths, names, contents, strict=True)
    }
    html = (folder / DOCUMENT).read_text("utf-8").replace(PLACE, f"console/{digest}")
    return Page(html=html.encode(), policy=POLICY, assets=assets)


@on_get(
    "/",
    Operation(
        id="console_page",
        summary="Show the console",
        about="A page to search, to try the model, to see documents as a map and to watch the server.",
        scope=None,
        response=str,
        gives=("text/html",),
    ),
)
async def page(request: Request[Any, Any, Any]) -> Reply:
    return page_reply(_console(request))


@on_get(
    "/console/{digest:str}/{name:path}",
    Operation(
        id="console_asset",
        summary="Show a file of the console",
        scope=None,
        response=str,
        gives=("text/javascript", "text/css", "image/svg+xml"),
        parameters=(
            Parameter(name="digest", place="path", kind=str, about="of the content of all files", required=True),
            Parameter(name="name", place="path", kind=str, about="the file's name, with its folder", required=True),
        ),
        headers={"cache-control": "The file never changes under this address."},
        errors=(HTTPStatus.NOT_FOUND,),
    ),
)
async def asset(request: Request[Any, Any, Any]) -> Reply:
    return asset_reply(_console(request), request.path_params["digest"], request.path_params["name"])


def _console(request: Request[Any, Any, Any]) -> Page:
    return cast("Page", request.app.state[STATE])


ROUTES = [page, asset]
