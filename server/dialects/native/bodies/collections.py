"""Bodies of the routes about collections."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from server.contract.collections import Language
from server.contract.limits import MIN_PASSAGE_TOKENS
from server.web.operations import limited

MOST_TOKENS = 65_536  # whatever a model reads
# msgspec has no literal booleans.
Uncut = Annotated[bool, msgspec.Meta(extra_json_schema={"enum": [False]})]
Threshold = Annotated[
    float | None,
    msgspec.Meta(description="the least score of a hit in searches in mode vector that give none; null for none"),
]
Stems = Annotated[
    Language | None,
    msgspec.Meta(description="the language whose words count by their stems; null: words count as they stand"),
]
MaxTokens = Annotated[
    int,
    limited("passage tokens"),
    msgspec.Meta(
        ge=MIN_PASSAGE_TOKENS,
        le=MOST_TOKENS,
        description="tokens of a passage: 16 at least, and what the model reads besides its special tokens at most; by "
        "default 200, or as many as it reads",
    ),
]
OverlapTokens = Annotated[
    int,
    limited("half a passage"),
    msgspec.Meta(
        ge=0,
        le=MOST_TOKENS,
        description="tokens that neighbours share, at most half of `max_tokens`; by default 50, or that half",
    ),
]


class ReindexProgress(msgspec.Struct):
    """`done` of the `documents` have their new vector; `error` says why reindexing stopped, if it did."""

    documents: int
    done: int
    error: str | None = None


class Passages(msgspec.Struct):
    """Texts longer than the model reads are cut into passages of at most `max_tokens`.

    Neighbours share at most `overlap_tokens`.
    """

    max_tokens: int
    overlap_tokens: int


class Graph(msgspec.Struct):
    """What searches through the graph find: `recall` is the share of the ten nearest documents that they found lately.

    It is null before it is known. Below `target` they look further: at `width` nodes at least, and where the graph does
    not reach it at all they compare every document, which is `exact`.
    """

    recall: float | None
    target: float
    width: int
    exact: bool


class CollectionState(msgspec.Struct, kw_only=True):
    """A collection.

    `state` is indexing while the graph that speeds up searches lacks some documents, which are found all the same;
    foreign if the vectors are another model's; failed if a thread that maintains the collection has died. `pending` is
    how many passages the graph lacks: all of them after a start, until it is loaded. `pending_words` is about how many
    documents the index of words lacks: of more than 5,000 searches by words wait.

    `passages`, `language` and `threshold` are the settings in force. `passages_stale` says that there are documents
    that were cut by other settings, or before there were passages; reindexing mends it.
    """

    name: str
    documents: int
    fingerprint: str
    state: Literal["ready", "indexing", "reindexing", "foreign", "failed"]
    reindex: ReindexProgress | None = None
    passages: Passages | Uncut
    language: Stems
    threshold: Threshold
    passages_stale: bool = False
    graph: Graph
    pending: int = 0
    pending_words: int = 0


class CollectionList(msgspec.Struct):
    """All collections, by name."""

    collections: list[CollectionState]


class PassageSettings(msgspec.Struct, forbid_unknown_fields=True):
    """How texts that are longer than the model reads are cut into passages; what is left out here is as by default."""

    max_tokens: MaxTokens | UnsetType = UNSET
    overlap_tokens: OverlapTokens | UnsetType = UNSET


class CollectionSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Settings that the collection is to have; those that are left out stay as they are."""

    passages: (
        Annotated[
            PassageSettings | Uncut, msgspec.Meta(description="how texts are cut into passages; false: not at all")
        ]
        | UnsetType
    ) = UNSET
    language: Stems | UnsetType = UNSET
    threshold: Threshold | UnsetType = UNSET


class CollectionDropped(msgspec.Struct):
    """The collection and its documents are gone."""

    deleted: str
