"""The interface between HTTP and what computes and keeps.

A call is one message and its answer is one; `keep` is a stream of both. Cancelling a call is leaving: work that has not
begun is not begun, and a write that has begun may still be done. Calls raise the errors of `server/contract/errors.py`
and no others; those named below are what a call adds to OverloadedError, UnavailableError and DeadlineError.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Protocol

from server.contract.documents import (
    CollectionState,
    Document,
    DocumentPage,
    Found,
    JsonObject,
    Line,
    LinesWritten,
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
        """The same from the start to the end."""

    async def embed(self, texts: Sequence[Input], demand: Demand) -> Embeddings:
        """Embed each text.

        Raises:
            InvalidInputError: too many texts, or dimensions, a prompt or a token id that the model does not have.
            UnacceptableInputError: a text over the limit, or one that would be truncated and may not be.
            InferenceError: the model could not compute it.
        """

    async def tokenize(self, texts: Sequence[str], demand: Demand, *, add_special_tokens: bool) -> list[list[Token]]:
        """Return the tokens of each text, of which nothing is cut; of the demand, client, time and prompt count."""

    async def detokenize(self, ids: Sequence[Sequence[int]], demand: Demand, *, skip_special_tokens: bool) -> list[str]:
        """Return a text for each sequence of token ids; InvalidInputError where an id is not in the vocabulary."""

    async def put(self, name: str, documents: Sequence[Document], demand: Demand) -> Written:
        """Write documents, all or none; one that has the id of another replaces it.

        Raises:
            UnknownCollectionError, FingerprintError, DocumentError, StorageFullError, ClosedError
        """

    def keep(self, name: str, groups: AsyncIterator[Sequence[Line]], demand: Demand) -> AsyncGenerator[LinesWritten]:
        """Write a stream of documents, group by group in their order; what is wrong with a line holds up no other.

        An answer for each group comes once its documents are on the disk. An error ends the stream; what was answered
        before it is on the disk. Where `groups` raises, the groups before are written, and the error passes.
        """

    async def patch(self, name: str, document_id: str, metadata: JsonObject, demand: Demand) -> Document:
        """Merge metadata into a document's; null removes a field. UnknownDocumentError where there is none."""

    async def delete(self, name: str, document_id: str, demand: Demand) -> None:
        """Delete a document; UnknownDocumentError where there is none."""

    async def delete_many(self, name: str, ids: Sequence[str], demand: Demand) -> int:
        """Delete documents in one transaction, and return how many there were."""

    async def delete_matching(self, name: str, condition: JsonObject, demand: Demand) -> int:
        """Delete the documents that match a filter that is not empty, and return how many there were."""

    async def get(self, name: str, document_id: str, demand: Demand, *, include_vector: bool) -> Document:
        """Return a document; UnknownDocumentError where there is none."""

    async def list_after(
        self, name: str, after: str, limit: int, demand: Demand, *, include_vector: bool
    ) -> DocumentPage:
        """Return up to `limit` documents whose ids follow `after`; fewer where they are large."""

    async def search(self, name: str, searches: Sequence[Search], demand: Demand) -> Found:
        """Do all searches, or none.

        Raises:
            InvalidInputError: too many searches, or one without exactly one of query, vector and like.
            UnknownCollectionError, UnknownDocumentError, FingerprintError, FilterError, QueryError, VectorError
        """

    async def create(self, name: str, demand: Demand) -> CollectionState:
        """Make a collection, unless there is one of this name."""

    async def drop(self, name: str, demand: Demand) -> None:
        """Delete a collection and its documents; the default one is empty afterwards."""

    async def reindex(self, name: str) -> CollectionState:
        """Begin to embed all documents of a collection again, in the background, unless that is under way."""

    async def collection(self, name: str) -> CollectionState:
        """Return what a collection is."""

    async def collections(self) -> list[CollectionState]:
        """Return what each collection is, by name."""

    async def status(self) -> Status:
        """Return what is in work, waits and is kept."""

    async def metrics(self) -> list[MetricFamily]:
        """Return everything that is counted behind the wall."""
