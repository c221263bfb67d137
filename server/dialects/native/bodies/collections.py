"""Bodies of the routes about collections."""

from typing import Literal

import msgspec


class ReindexProgress(msgspec.Struct):
    """`done` of the `documents` have their new vector; `error` says why reindexing stopped, if it did."""

    documents: int
    done: int
    error: str | None = None


class CollectionState(msgspec.Struct):
    """A collection.

    `state` is indexing while the graph that speeds up searches lacks some documents, which are found all the same;
    foreign if the vectors are another model's; failed if a thread that maintains the collection has died.
    """

    name: str
    documents: int
    fingerprint: str
    state: Literal["ready", "indexing", "reindexing", "foreign", "failed"]
    reindex: ReindexProgress | None = None


class CollectionList(msgspec.Struct):
    """All collections, by name."""

    collections: list[CollectionState]


class CollectionSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing can be set yet."""


class CollectionDropped(msgspec.Struct):
    """The collection and its documents are gone."""

    deleted: str
