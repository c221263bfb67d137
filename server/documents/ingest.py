"""Documents in, acknowledged once they are on the disk: checked, embedded without the cache, committed."""

import time
from collections.abc import Sequence
from concurrent.futures import Future

import msgspec

from index import Collection, Content, Entry, check_content
from server.contract.documents import Document
from server.contract.embedding import Demand, Embeddings
from server.contract.errors import InvalidInputError
from server.documents.library import Library
from server.engine.embedder import Embedder
from server.engine.metrics import Metrics


class Prepared(msgspec.Struct, frozen=True):
    """Documents, checked and encoded by the index, with their embeddings."""

    collection: Collection
    contents: Sequence[Content]
    embeddings: Embeddings


class Ingest:
    """Writes documents with their vectors; `prompt` is the name of the model's prompt for documents, if it has one."""

    def __init__(self, library: Library, embedder: Embedder, metrics: Metrics, prompt: str | None) -> None:
        self._library = library
        self._embedder = embedder
        self._metrics = metrics
        self._prompt = prompt

    def check_writable(self, name: str) -> None:
        """Raise UnknownCollectionError or FingerprintError where a collection accepts no documents."""
        self._library.writable(name)

    async def prepare(self, name: str, documents: Sequence[Document], demand: Demand) -> Prepared:
        """Check and embed documents for a caller who has a place among the requests in progress.

        Raises:
            UnknownCollectionError, FingerprintError, DocumentError, InvalidInputError
            ServerError: the errors of the embedder.
        """
        collection = self._library.writable(name)
        if len(documents) > (most := self._embedder.max_texts):
            message = f"{len(documents)} documents, max_client_batch_size is {most}"
            raise InvalidInputError(message, "documents")
        contents = await self._library.run(check_documents, documents)
        uncached = msgspec.structs.replace(demand, cache=False, prompt=self._prompt)
        embeddings = await self._embedder.embed_admitted([one.text for one in documents], uncached)
        return Prepared(collection, contents, embeddings)

    async def commit(self, prepared: Prepared) -> None:
        """Return once the documents are on the disk."""
        start_s = time.perf_counter()
        await self._library.commit(submit, prepared)
        self._metrics.committed(time.perf_counter() - start_s)


def check_documents(documents: Sequence[Document]) -> list[Content]:
    """Check and encode documents, or raise the index's error for the first one that is not valid."""
    return [check_content(one.id, one.text, one.metadata) for one in documents]


def submit(prepared: Prepared) -> Future[int]:
    """Hand documents to the index's writer."""
    pairs = zip(prepared.contents, prepared.embeddings.rows, strict=True)
    return prepared.collection.put_many([Entry(content, row) for content, row in pairs])
