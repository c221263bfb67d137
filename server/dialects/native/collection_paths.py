"""Which collection a request is about: the default one, or the one whose name is in the path."""

from typing import Annotated

import msgspec

from server.contract.errors import (
    ClosedError,
    CollectionNameError,
    DeadlineError,
    DocumentError,
    FingerprintError,
    OverloadedError,
    StorageFullError,
    UnavailableError,
    UnknownCollectionError,
)
from server.contract.limits import COLLECTION_NAME
from server.web.operations import Parameter

# The index decides whether a name is valid (422); this is how it is documented.
Name = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^{COLLECTION_NAME}$"})]
COLLECTION = Parameter(
    name="name", place="path", kind=Name, about="the collection's name: 1 to 64 of a-z, 0-9, - and _", required=True
)
# What a call may raise that has a place among the requests in work.
ADMITTED = (OverloadedError, UnavailableError, DeadlineError)
# What the index may say of a collection that is read, deleted from, written to.
# Reading needs the disk too: to open a connection, and for the memory that connections share.
READING = (UnknownCollectionError, CollectionNameError, ClosedError, StorageFullError)
DELETING = READING
WRITING = (*DELETING, DocumentError, FingerprintError)


def at(path: str) -> list[str]:
    """Return where a route is: for the default collection, and for each by its name."""
    return [path, "/collections/{name:str}" + path]
