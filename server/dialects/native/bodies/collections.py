"""What collections look like."""

from typing import Literal

import msgspec


class ReindexProgress(msgspec.Struct):
    """How many documents there are, how many have their new vector, and what stopped it, if something did."""

    documents: int
    done: int
    error: str | None = None


class CollectionState(msgspec.Struct):
    """A collection.

    `state` is indexing while the graph that makes searches quick lacks documents, which are found all the same; foreign
    with another model's vectors; failed where what keeps it has died.
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
