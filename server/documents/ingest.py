"""Documents in, acknowledged once they are on the disk: checked, cut, embedded without the cache, committed.

A text that is stored, cut as it would be now, with vectors of the variant that serves, is not computed again, whichever
document has it. Nor is one whose vector is given.
"""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from index import Collection, Content, Entry, Passages, Stored, Write, check_content, checkpoint
from server.contract.documents import Document
from server.contract.embedding import Demand, Timing
from server.contract.errors import InvalidInputError
from server.documents.computing import (
    Computed,
    Cutting,
    Cuttings,
    Measure,
    Ranges,
    computed,
    measured,
    ranges_of,
    same_ranges,
)
from server.documents.library import Library
from server.documents.vectors import unit
from server.engine.admitted import in_time
from server.engine.embedder import Embedder
from server.engine.metrics import Metrics

T = TypeVar("T")
# Up to so many are checked where others wait for what is brief.
BRIEF_DOCUMENTS = 16


class Prepared(msgspec.Struct, frozen=True):
    """Documents of a client, checked and encoded by the index, with the passages of each."""

    collection: Collection
    contents: Sequence[Content]
    found: Sequence[Computed]
    timing: Timing
    client: str = ""

    @property
    def tokens(self) -> list[int]:
        return [one.tokens for one in self.found]

    @property
    def truncated(self) -> list[bool]:
        return [one.truncated for one in self.found]


class Checked(msgspec.Struct, frozen=True):
    """Documents, checked and encoded by the index; the vectors that are given of some, and what is known of others."""

    contents: Sequence[Content]
    given: Sequence[Passages | None]
    known: Mapping[str, Stored]

    @property
    def computed(self) -> list[Content]:
        """Those whose vectors are to be computed."""
        return [content for content, own in zip(self.contents, self.given, strict=True) if own is None]

    def in_order(self, found: Sequence[Computed]) -> list[Computed]:
        """Return what was computed together with what was given, in the order of the documents."""
        rest = iter(found)
        return [next(rest) if own is None else Computed(own, tokens=0, truncated=False) for own in self.given]


class Ingest:
    """Writes documents with their vectors; `prompt` is the name of the model's prompt for documents, if it has one."""

    def __init__(
        self, library: Library, embedder: Embedder, cuttings: Cuttings, metrics: Metrics, prompt: str | None
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._cuttings = cuttings
        self._metrics = metrics
        self._prompt = prompt

    def check_writable(self, name: str) -> None:
        """Raise UnknownCollectionError or FingerprintError where a collection accepts no documents."""
        self._library.writable(name)

    async def prepare(self, name: str, documents: Sequence[Document], demand: Demand) -> Prepared:
        """Check, cut and embed documents for a caller who has a place among the requests in progress.

        Raises:
            UnknownCollectionError, FingerprintError, DocumentError, InvalidInputError
            MemoryFullError: they would have no room, before anything is embedded.
            ServerError: the errors of the embedder.
        """
        collection = self._library.writable(name)
        if len(documents) > (most := self._embedder.max_texts):
            message = f"{len(documents)} documents, max_client_batch_size is {most}"
            raise InvalidInputError(message, "documents")
        how = cutting, _ = self._cuttings.of(collection)
        async with in_time(self._embedder.engine, demand):
            look = self._library.run if len(documents) <= BRIEF_DOCUMENTS else self._library.find
            checked = await look(demand.client, check, collection, documents)
        contents, known = checked.computed, checked.known
        await self._embedder.check([one.text for one in checked.contents], demand)
        uncached = replace(demand, cache=False, prompt=self._prompt)
        if cutting is None:
            ranges = [Ranges() for _ in contents]
        else:
            uncached = replace(uncached, truncate=True)  # nothing is cut off
            ranges = await self._ranges(contents, known, cutting, uncached)
        await self._check_room(collection, checked, ranges, demand)
        pairs = list(zip(contents, ranges, strict=True))
        computed_, timing = await self._computed(pairs, known, uncached, how)
        return Prepared(collection, checked.contents, checked.in_order(computed_), timing, demand.client)

    async def _check_room(
        self, collection: Collection, checked: Checked, ranges: Sequence[Ranges], demand: Demand
    ) -> None:
        """Raise MemoryFullError where the passages have no room; the last of equal ids counts."""
        passages = {one.id: 1 for one in checked.contents}
        passages |= {one.id: max(1, len(at)) for one, at in zip(checked.computed, ranges, strict=True)}
        if not collection.room.has(sum(passages.values())):
            await self._library.run(demand.client, collection.room.check, passages)

    async def _ranges(
        self, contents: Sequence[Content], known: Mapping[str, Stored], cutting: Cutting, demand: Demand
    ) -> list[Ranges]:
        """Return where to cut each text: as it is stored where that was cut by the present settings."""
        current = {id_: list(one.passages.spans) for id_, one in known.items() if not one.stale}
        texts = [one.text for one in contents if one.id not in current]
        found = iter(await ranges_of(texts, cutting, self._measure(demand), demand.client))
        return [current[one.id] if one.id in current else next(found) for one in contents]

    async def _computed(
        self,
        pairs: Sequence[tuple[Content, Ranges]],
        known: Mapping[str, Stored],
        demand: Demand,
        how: tuple[Cutting | None, int],
    ) -> tuple[list[Computed], Timing]:
        """Embed the texts that are not stored as they would be cut now; the others are tokenized alone."""
        cutting, number = how
        stored = {
            one.id: known[one.id].passages
            for one, at in pairs
            if one.id in known and same_ranges(known[one.id].passages, at)
        }
        new = [(one.text, at) for one, at in pairs if one.id not in stored]
        old = [(one.text, replace(stored[one.id], cutting=number)) for one, _ in pairs if one.id in stored]
        counted = iter(await measured(*transposed(old), cutting, self._measure(demand)))
        embed = partial(self._embedder.embed_admitted, demand=demand)
        fresh, timing = await computed(*transposed(new), how, embed)
        results = iter(fresh)
        return [next(counted) if one.id in stored else next(results) for one, _ in pairs], timing

    def _measure(self, demand: Demand) -> Measure:
        return partial(self._embedder.measure, demand=demand)

    async def commit(self, prepared: Prepared) -> float:
        """Return once the documents are on the disk, and for how long they were held up after that (s)."""
        start_s, writes = time.perf_counter(), list[Write[int]]()
        await self._library.commit((prepared.client, len(prepared.contents)), submit, prepared, writes)
        self._metrics.committed(time.perf_counter() - start_s)
        return writes[0].held_s


def transposed(pairs: Sequence[tuple[str, T]]) -> tuple[list[str], list[T]]:
    return [text for text, _ in pairs], [one for _, one in pairs]


def check(collection: Collection, documents: Sequence[Document]) -> Checked:
    """Check and encode documents, and find what is stored of their texts.

    Raises what the index says of the first document that it does not take. Of one id that is there twice with two texts
    nothing is known.
    """
    contents = [checked_content(one) for one in documents]
    given = [None if one.given is None else passages_given(one.given, collection.model.ndim) for one in documents]
    open_ = [content for content, own in zip(contents, given, strict=True) if own is None]
    texts = {one.id: one.text for one in open_}
    several = {one.id for one in open_ if texts[one.id] != one.text}
    known = collection.unchanged({id_: text for id_, text in texts.items() if id_ not in several})
    return Checked(contents, given, known)


def checked_content(document: Document) -> Content:
    checkpoint()  # others take their turns between documents
    return check_content(document.id, document.text, document.metadata, document.expires_ms)


def passages_given(vector: Sequence[float], ndim: int) -> Passages:
    """Return the vector of a whole text as its only passage; raises VectorError."""
    return Passages(unit(vector, ndim)[None], given=True)


def submit(prepared: Prepared, writes: list[Write[int]]) -> Write[int]:
    """Start to write, on a thread, and leave the write among these: what is still to be checked are the vectors."""
    pairs = zip(prepared.contents, prepared.found, strict=True)
    writes.append(prepared.collection.put_many([Entry(content, one.passages) for content, one in pairs]))
    return writes[0]
