"""A document's id in a path: whatever comes after `/index/`, percent-decoded once.

Routers decode paths, merge slashes and cut them at each, and an id may be `a/b`, `/` or `..`. So the id is set apart
before there is a route, and a stand-in takes its place.
"""

import re
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from litestar.exceptions import NotFoundException

from server.contract.errors import InvalidInputError
from server.web.request_state import RequestState, state_of

PLACE = re.compile(rb"((?:/collections/[^/]*)?/index)/(.*)", re.DOTALL)
STAND_IN = "/-"
# What stands at an id's place for these methods alone; a document of that name is found by all others.
ACTIONS = {b"batch", b"delete"}
ACTING = {"POST", "OPTIONS"}


def take_document_id(scope: Any, state: RequestState) -> None:
    """Take the id out of the path of a request that has one."""
    raw_path = scope["raw_path"]
    if b"/index/" not in raw_path:
        return
    found = PLACE.fullmatch(raw_path)
    if found is None or (scope["method"] in ACTING and unquote_to_bytes(found[2]) in ACTIONS):
        return
    state.document_id = found[2]
    scope["path"] = unquote(found[1].decode("ascii")) + STAND_IN


def document_id_of(scope: Any) -> str:
    """Return the id in the path; the index says whether it is valid.

    Raises:
        InvalidInputError: it is not UTF-8.
    """
    raw = state_of(scope).document_id
    if raw is None:  # a slash that was percent-encoded where it separates
        raise NotFoundException
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        message = f"the id in the path is not UTF-8: {error}"
        raise InvalidInputError(message, "id") from error
