"""The interface between HTTP and the engine and documents.

A call is one message and so is its answer; `keep` is a stream of both. Cancelling a call is leaving: work that has not
begun does not begin, and a write that has begun may still complete. Calls raise only the errors of
`server/contract/errors.py`: those named below, and OverloadedError, UnavailableError and DeadlineError.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Protocol

from server.contract.collections import CollectionSettings, CollectionState
from server.contract.documents import (
    Document,
    DocumentPage,
    Facet,
    Found,
    Include,
    JsonObject,
    Line,
    LinesWritten,
    Projection,
    Search,
    Written,
)
from server.contract.embedding import Demand, Embeddings, Input, Token
from server.contract.facts import Facts
from server.contract.status import MetricFamily, Status


class Backend(Protocol):
    """Called from one event loop. `name` is that of a collection throughout."""

    @property
    def facts(self) -> Facts:
        """What never changes while the backend runs."""

    async def embed(self, texts: Sequence[Input], demand: Demand) -> Embeddings:
        """Embed each text.

        Raises:
            InvalidInputError: too many texts, or dimensions, a prompt or a token id that the model does not have.
            UnacceptableInputError: a text over the limit, or one that is too long and may not be truncated.
            InferenceError: the model could not compute it.
        """

    async def tokenize(self, texts: Sequence[str], demand: Demand, *, add_special_tokens: bool) -> list[list[Token]]:
        """Return the tokens of each text, untruncated; of the demand only client, timeout and prompt are used."""

    async def detokenize(self, ids: Sequence[Sequence[int]], demand: Demand, *, skip_special_tokens: bool) -> list[str]:
        """Return a text for each sequence of token ids; InvalidInputError where an id is not in the vocabulary."""

    async def put(self, name: str, documents: Sequence[Document], demand: Demand) -> Written:
        """Write documents, all or none; a document replaces the one with the same id.

        Raises:
            UnknownCollectionError, FingerprintError, DocumentError, StorageFullError, ClosedError
        """

    def keep(self, name: str, groups: AsyncIterator[Sequence[Line]], demand: Demand) -> AsyncGenerator[LinesWritten]:
        """Write a stream of documents, group by group, in order; a wrong line does not stop the others.

        Yields an answer for each group once its documents are on the disk. An error ends the stream; groups answered
        before it are on the disk. Where `groups` raises, the groups before are written, and the error is raised again.
        """

    async def patch(self, name: str, document_id: str, metadata: JsonObject, demand: Demand) -> Document:
        """Merge metadata into that of a document; null removes a field. Raises UnknownDocumentError."""

    async def delete(self, name: str, document_id: str, demand: Demand) -> None:
        """Delete a document; raises UnknownDocumentError."""

    async def delete_many(self, name: str, ids: Sequence[str], demand: Demand) -> int:
        """Delete documents in one transaction; return how many existed."""

    async def delete_matching(self, name: str, condition: JsonObject, demand: Demand) -> int:
        """Delete the documents that match a filter, which is not empty; return how many there were."""

    async def get(self, name: str, document_id: str, demand: Demand, include: Include) -> Document:
        """Return a document; raises UnknownDocumentError."""

    async def list_after(
        self, name: str, after: str, limit: int, demand: Demand, include: Include, condition: JsonObject | None = None
    ) -> DocumentPage:
        """Return up to `limit` documents that match a filter, with ids after `after`; fewer where they are large."""

    async def count(self, name: str, condition: JsonObject | None, demand: Demand) -> int:
        """Return how many documents match a filter, or how many there are; raises FilterError."""

    async def facets(
        self, name: str, fields: Sequence[str], condition: JsonObject | None, limit: int, demand: Demand
    ) -> dict[str, Facet]:
        """Return of each field the values that most of the documents that match a filter have; raises FilterError."""

    async def projection(
        self, name: str, field: str | None, condition: JsonObject | None, limit: int, demand: Demand
    ) -> Projection:
        """Return documents that match as points of a plane, `limit` at most; raises FingerprintError, FilterError."""

    async def search(self, name: str, searches: Sequence[Search], demand: Demand) -> Found:
        """Run all searches, or none.

        Raises:
            InvalidInputError: too many searches, or one that has not exactly one of query, vector and like.
            UnknownCollectionError, UnknownDocumentError, FingerprintError, FilterError, QueryError, VectorError
        """

    async def create(self, name: str, settings: CollectionSettings, demand: Demand) -> CollectionState:
        """Create a collection, unless one with this name exists, and change the settings that are given.

        Raises:
            CollectionNameError, CollectionSettingsError, StorageFullError, ClosedError
        """

    async def drop(self, name: str, demand: Demand) -> None:
        """Delete a collection and its documents; the default one is empty afterwards."""

    async def reindex(self, name: str) -> CollectionState:
        """Start to embed all documents of a collection again, in the background, unless that is in progress."""

    async def collection(self, name: str) -> CollectionState:
        """Return the state of a collection."""

    async def collections(self) -> list[CollectionState]:
        """Return the state of each collection, in the order of their names."""

    async def status(self) -> Status:
        """Return what is in progress, queued, cached and stored now."""

    async def metrics(self) -> list[MetricFamily]:
        """Return all metrics of the engine and the documents."""
