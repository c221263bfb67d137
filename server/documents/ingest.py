"""Documents in, acknowledged once they are on the disk: checked, embedded without the cache, committed.

A text that a document has already, with a vector of the variant that serves, is not computed again.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

import msgspec
import numpy as np

from index import Collection, Content, Entry, Vector, check_content
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
        contents, known = await self._library.run(check, collection, documents)
        uncached = msgspec.structs.replace(demand, cache=False, prompt=self._prompt)
        return Prepared(collection, contents, await self._embed(contents, known, uncached))

    async def _embed(self, contents: Sequence[Content], known: Mapping[str, Vector], demand: Demand) -> Embeddings:
        """Embed the texts whose vectors are not `known` by the documents' ids; the others are tokenized alone."""
        new = [one.text for one in contents if one.id not in known]
        if not known or not contents:
            return await self._embedder.embed_admitted(new, demand)
        old = [one.text for one in contents if one.id in known]
        tokens, truncated = await self._embedder.measure(old, demand)
        found = await self._embedder.embed_admitted(new, demand)
        measured, embedded = (
            iter(zip(tokens, truncated, strict=True)),
            iter(zip(found.rows, found.tokens, found.truncated, strict=True)),
        )
        parts = [(known[one.id], *next(measured)) if one.id in known else next(embedded) for one in contents]
        return Embeddings(
            np.array([row for row, _, _ in parts], np.float32),
            [count for _, count, _ in parts],
            [cut for _, _, cut in parts],
            0,
            found.timing,
        )

    async def commit(self, prepared: Prepared) -> None:
        """Return once the documents are on the disk."""
        start_s = time.perf_counter()
        await self._library.commit(submit, prepared)
        self._metrics.committed(time.perf_counter() - start_s)


def check(collection: Collection, documents: Sequence[Document]) -> tuple[list[Content], Mapping[str, Vector]]:
    """Check and encode documents; return them with the vectors that are stored of those whose text has not changed.

    Raises what the index says of the first document that it does not take. Of one id that is there twice with two texts
    nothing is known.
    """
    contents = [check_content(one.id, one.text, one.metadata) for one in documents]
    texts = {one.id: one.text for one in contents}
    several = {one.id for one in contents if texts[one.id] != one.text}
    return contents, collection.unchanged_vectors({id_: text for id_, text in texts.items() if id_ not in several})


def submit(prepared: Prepared) -> Future[int]:
    """Hand documents to the index's writer."""
    pairs = zip(prepared.contents, prepared.embeddings.rows, strict=True)
    return prepared.collection.put_many([Entry(content, row) for content, row in pairs])
