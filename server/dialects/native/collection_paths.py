"""The collection of a request, the default one or the one in the path, and the errors of routes about collections."""

from typing import Annotated

import msgspec

from server.contract.errors import (
    ClosedError,
    CollectionNameError,
    DeadlineError,
    DocumentError,
    FingerprintError,
    MemoryFullError,
    OverloadedError,
    StorageFullError,
    UnavailableError,
    UnknownCollectionError,
)
from server.contract.limits import COLLECTION_NAME
from server.web.operations import Parameter

# The index checks whether a name is valid (422); this documents it.
Name = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^{COLLECTION_NAME}$"})]
COLLECTION = Parameter(
    name="name", place="path", kind=Name, about="the collection's name: 1 to 64 of a-z, 0-9, - and _", required=True
)
# The errors of a call that takes a place among the requests in progress.
ADMITTED = (OverloadedError, UnavailableError, DeadlineError)
# The index's errors for a collection that is read, deleted from or written to. Reading needs the disk, too: to open a
# connection, and for the memory that connections share.
READING = (UnknownCollectionError, CollectionNameError, ClosedError, StorageFullError)
DELETING = READING
CHANGING = (*DELETING, DocumentError, FingerprintError)
WRITING = (*CHANGING, MemoryFullError)


def at(path: str) -> list[str]:
    """Return the paths of a route: for the default collection, and for one by its name."""
    return [path, "/collections/{name:str}" + path]
