"""Documents in, acknowledged once they are on the disk: checked, embedded by the engine's batch path, committed."""

import time
from collections.abc import Sequence
from concurrent.futures import Future

import msgspec

from index import Collection, check_content
from index import Document as Kept
from server.bodies.documents import Document
from server.embedding import Embedder, Options
from server.errors import InvalidInputError
from server.library import Library
from server.metrics import Metrics
from server.work import Embeddings

# What sentence-transformers calls a document's prompt, in models that were trained with one.
PROMPTS = ("document", "passage")


class Prepared(msgspec.Struct, frozen=True):
    """Documents that the index will take, with their embeddings."""

    collection: Collection
    documents: Sequence[Document]
    found: Embeddings


class Ingest:
    """Writes documents with their vectors."""

    def __init__(self, library: Library, embedder: Embedder, metrics: Metrics) -> None:
        self._library = library
        self._embedder = embedder
        self._metrics = metrics

    async def put(self, name: str, documents: Sequence[Document], options: Options) -> Embeddings:
        """Keep documents in a collection, all or none; returns once they are on the disk.

        Raises:
            UnknownCollectionError, FingerprintError, DocumentError, StorageFullError, ClosedError: as the index.
            ServerError: as the embedder.
        """
        prepared = await self.prepare(name, documents, options)
        await self.commit(prepared)
        return prepared.found

    def check_writable(self, name: str) -> None:
        """Raise UnknownCollectionError or FingerprintError where a collection takes no documents."""
        self._library.collection(name).check_writable()

    async def prepare(self, name: str, documents: Sequence[Document], options: Options) -> Prepared:
        """Check and embed documents; raises as `put`, but for what the disk says."""
        collection = self._library.collection(name)
        collection.check_writable()
        if len(documents) > (most := self._embedder.bounds.inputs):
            message = f"{len(documents)} documents, max_client_batch_size is {most}"
            raise InvalidInputError(message, "documents")
        await self._library.run(check, documents)
        prompt = self._embedder.prompt_of(*PROMPTS)
        batch = msgspec.structs.replace(options, batch=True, counted=False, prompt=prompt)
        found = await self._embedder.embed([one.text for one in documents], batch)
        return Prepared(collection, documents, found)

    async def commit(self, prepared: Prepared) -> None:
        """Return once the documents are on the disk."""
        start_s = time.perf_counter()
        await self._library.commit(submit, prepared)
        self._metrics.committed(time.perf_counter() - start_s)


def check(documents: Sequence[Document]) -> None:
    """Raise what the index would say of the first document that it does not take."""
    for one in documents:
        check_content(one.id, one.text, one.metadata or {})


def submit(prepared: Prepared) -> Future[int]:
    """Hand documents to the writer."""
    pairs = zip(prepared.documents, prepared.found.rows, strict=True)
    return prepared.collection.put_many([Kept(one.id, one.text, one.metadata or {}, row) for one, row in pairs])
