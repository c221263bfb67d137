"""The names of the front door, all loaded at once: see `__init__.py`."""

from index.collection import Collection
from index.documents.document import MAX_TEXT_BYTES, Content, Document, Entry, check_content
from index.documents.facets import Facet
from index.documents.ids import MAX_ID_BYTES
from index.documents.metadata import MAX_METADATA_BYTES, MAX_METADATA_DEPTH, MAX_METADATA_FIELDS
from index.documents.passages import MAX_PASSAGES, Passage, Passages, whole
from index.documents.projection import Plane, Projection
from index.documents.query import (
    MAX_PER_GROUP,
    MAX_SNIPPET_CHARACTERS,
    MAX_TOP_K,
    MIN_SNIPPET_CHARACTERS,
    Explanation,
    Hit,
    Part,
    Query,
    SearchOutcome,
    Snippet,
)
from index.documents.settings import (
    DEFAULT_LANGUAGE,
    LANGUAGES,
    MIN_PASSAGE_TOKENS,
    PassageSettings,
    Settings,
    SettingsChange,
    check_change,
)
from index.documents.vector import Vector
from index.errors import (
    CallerError,
    ClosedError,
    CollectionNameError,
    CollectionSettingsError,
    DamagedError,
    DocumentError,
    FilterError,
    FingerprintError,
    FolderInUseError,
    IndexRoomError,
    MemoryFullError,
    NewerSchemaError,
    QueryError,
    ReopenedError,
    StoppedError,
    StorageFullError,
    UnknownCollectionError,
    UnreadableError,
    VectorError,
)
from index.filters.parsing import MAX_FILTER_CONDITIONS, MAX_FILTER_DEPTH, MAX_FILTER_VALUES, parse_filter
from index.index import Index
from index.stats import CollectionStats
from index.store.deletion import Deletion
from index.store.group import Write
from index.store.health import Health
from index.store.interruption import checkpoint, watched
from index.store.layout import COLLECTION_NAME, DEFAULT_COLLECTION, MAX_COLLECTIONS
from index.store.reads import Include
from index.store.reindex import Lacking, Progress, Reindex
from index.store.unchanged import Stored

__all__ = [
    "COLLECTION_NAME",
    "DEFAULT_COLLECTION",
    "DEFAULT_LANGUAGE",
    "LANGUAGES",
    "MAX_COLLECTIONS",
    "MAX_FILTER_CONDITIONS",
    "MAX_FILTER_DEPTH",
    "MAX_FILTER_VALUES",
    "MAX_ID_BYTES",
    "MAX_METADATA_BYTES",
    "MAX_METADATA_DEPTH",
    "MAX_METADATA_FIELDS",
    "MAX_PASSAGES",
    "MAX_PER_GROUP",
    "MAX_SNIPPET_CHARACTERS",
    "MAX_TEXT_BYTES",
    "MAX_TOP_K",
    "MIN_PASSAGE_TOKENS",
    "MIN_SNIPPET_CHARACTERS",
    "CallerError",
    "ClosedError",
    "Collection",
    "CollectionNameError",
    "CollectionSettingsError",
    "CollectionStats",
    "Content",
    "DamagedError",
    "Deletion",
    "Document",
    "DocumentError",
    "Entry",
    "Explanation",
    "Facet",
    "FilterError",
    "FingerprintError",
    "FolderInUseError",
    "Health",
    "Hit",
    "Include",
    "Index",
    "IndexRoomError",
    "Lacking",
    "MemoryFullError",
    "NewerSchemaError",
    "Part",
    "Passage",
    "PassageSettings",
    "Passages",
    "Plane",
    "Progress",
    "Projection",
    "Query",
    "QueryError",
    "Reindex",
    "ReopenedError",
    "SearchOutcome",
    "Settings",
    "SettingsChange",
    "Snippet",
    "StoppedError",
    "StorageFullError",
    "Stored",
    "UnknownCollectionError",
    "UnreadableError",
    "Vector",
    "VectorError",
    "Write",
    "check_change",
    "check_content",
    "checkpoint",
    "parse_filter",
    "watched",
    "whole",
]
