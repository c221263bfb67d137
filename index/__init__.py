"""The documents' room: durable storage, approximate search, filters and full text.

Knows nothing of HTTP or of models: it takes documents with unit vectors and gives hits. Imports no other room. The
database is the truth (a commit is the acknowledgement); the view that makes searches quick may be lost at any time.
"""

from index import libstdcxx  # noqa: F401 - before USearch
from index.collection import Collection
from index.documents import Document, Hit, Query, check_content
from index.errors import (
    CallerError,
    ClosedError,
    CollectionNameError,
    DamagedError,
    DocumentError,
    FilterError,
    FingerprintError,
    FolderInUseError,
    IndexRoomError,
    NewerSchemaError,
    QueryError,
    StorageFullError,
    UnknownCollectionError,
    UnreadableError,
    VectorError,
)
from index.filters import parse_filter
from index.health import Health
from index.index import Index
from index.reindex import Progress, Reindex
from index.stats import CollectionStats

__all__ = [
    "CallerError",
    "ClosedError",
    "Collection",
    "CollectionNameError",
    "CollectionStats",
    "DamagedError",
    "Document",
    "DocumentError",
    "FilterError",
    "FingerprintError",
    "FolderInUseError",
    "Health",
    "Hit",
    "Index",
    "IndexRoomError",
    "NewerSchemaError",
    "Progress",
    "Query",
    "QueryError",
    "Reindex",
    "StorageFullError",
    "UnknownCollectionError",
    "UnreadableError",
    "VectorError",
    "check_content",
    "parse_filter",
]
