"""A document's id in a path: everything after `/index/`, percent-decoded once.

Routers decode paths, merge slashes and split at them, and an id may be `a/b`, `/` or `..`. So the id is taken out
before the route is found, and a placeholder takes its place.
"""

import re
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from litestar.exceptions import NotFoundException

from server.contract.errors import InvalidInputError
from server.web.request_state import RequestState, state_of

ID_PATH = re.compile(rb"((?:/collections/[^/]*)?/index)/(.*)", re.DOTALL)
PLACEHOLDER = "/-"
# With these methods the names are actions; with all others they are ids.
ACTIONS = {b"batch", b"delete", b"count", b"facets", b"projection"}
ACTION_METHODS = {"POST", "OPTIONS"}


def take_document_id(scope: Any, state: RequestState) -> None:
    """Move the id, if the path has one, from the path to the request's state."""
    raw_path = scope["raw_path"]
    if b"/index/" not in raw_path:
        return
    found = ID_PATH.fullmatch(raw_path)
    if found is None or (scope["method"] in ACTION_METHODS and found[2] in ACTIONS):
        return
    state.document_id = found[2]
    scope["path"] = unquote(found[1].decode("ascii")) + PLACEHOLDER


def raw_path_of(scope: Any, state: RequestState) -> bytes:
    """Return the path as it was sent, without the id that was taken from it and the slash before that."""
    raw_path: bytes = scope["raw_path"]
    return raw_path if state.document_id is None else raw_path[: -1 - len(state.document_id)]


def document_id_of(scope: Any) -> str:
    """Return the id in the path; the index checks whether it is valid.

    Raises:
        InvalidInputError: it is not UTF-8.
    """
    raw = state_of(scope).document_id
    if raw is None:  # the slash before the id is percent-encoded
        raise NotFoundException
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        message = f"the id in the path is not UTF-8: {error}"
        raise InvalidInputError(message, "id") from error
