"""Collections, their settings and their state, as they cross the wall."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from server.contract.errors import Failure

# Those whose words count by their stems. The index has its own list; a test holds the two equal.
Language = Literal[
    "arabic", "danish", "dutch", "english", "finnish", "french", "german", "greek", "hungarian", "italian",
    "norwegian", "portuguese", "romanian", "russian", "spanish", "swedish", "tamil", "turkish",
]  # fmt: skip
State = Literal["ready", "indexing", "reindexing", "foreign", "failed"]


class ReindexProgress(msgspec.Struct, frozen=True):
    """`done` of the `documents` have their new vector; `failure` says why reindexing stopped, if it did."""

    documents: int
    done: int
    failure: Failure | None = None


class Passages(msgspec.Struct, frozen=True):
    """How texts are cut: into passages of at most so many tokens, of which neighbours share about so many."""

    max_tokens: int
    overlap_tokens: int


class PassagesAsked(msgspec.Struct, frozen=True):
    """The same in a change; None is what is usual: 200 and 50, less where the model reads less."""

    max_tokens: int | None = None
    overlap_tokens: int | None = None


class CollectionSettings(msgspec.Struct, frozen=True):
    """Settings that a collection is to have; those that are UNSET stay as they are.

    `passages` None cuts nothing, `language` None takes no endings off words, `threshold` None is none.
    """

    passages: PassagesAsked | UnsetType | None = UNSET
    language: Language | UnsetType | None = UNSET
    threshold: float | UnsetType | None = UNSET


class GraphState(msgspec.Struct, frozen=True):
    """`recall` of the ten nearest documents is what searches found lately, None before it is known; `target` they must.

    They keep `width` nodes in view at least. Where the graph does not reach the target they are `exact`.
    """

    recall: float | None = None
    target: float = 0.0
    width: int = 0
    exact: bool = False


class CollectionState(msgspec.Struct, frozen=True):
    """`fingerprint` is that of the model whose vectors the collection holds.

    `passages`, `language` and `threshold` are in force. `passages_stale`: documents are there that were cut by other
    settings, or before there were passages; reindexing mends it. The graph lacks `pending` passages, which are found
    all the same, and the index of words about `pending_words` documents.
    """

    name: str
    documents: int
    fingerprint: str
    state: State
    reindex: ReindexProgress | None = None
    passages: Passages | None = None
    language: Language | None = None
    threshold: float | None = None
    passages_stale: bool = False
    graph: GraphState = GraphState()
    pending: int = 0
    pending_words: int = 0
