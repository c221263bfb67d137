"""Which collection a request is about: the default one, or the one whose name is in the path."""

from typing import Annotated, Any

import msgspec
from litestar import Request

from index import (
    ClosedError,
    CollectionNameError,
    DocumentError,
    FingerprintError,
    StorageFullError,
    UnknownCollectionError,
)
from server.operations import Parameter

DEFAULT = "default"
# Whether a name is one the index decides (422); this is how it is documented.
Name = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": "^[a-z0-9_-]{1,64}$"})]
COLLECTION = Parameter(
    name="name", place="path", kind=Name, about="the collection's name: 1 to 64 of a-z, 0-9, - and _", required=True
)
# What the index may say of a collection that is read, deleted from, written to.
# Reading needs the disk too: to open a connection, and for the memory that connections share.
READING = (UnknownCollectionError, CollectionNameError, ClosedError, StorageFullError)
DELETING = READING
WRITING = (*DELETING, DocumentError, FingerprintError)


def at(path: str) -> list[str]:
    """Return where a route is: for the default collection, and for each by its name."""
    return [path, "/collections/{name:str}" + path]


def name_of(request: Request[Any, Any, Any]) -> str:
    """Return the name of the collection that a request is about."""
    return str(request.path_params.get("name", DEFAULT))
