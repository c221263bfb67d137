"""Reads documents: what each call sees is of one commit, and nothing that has expired when the call begins."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import apsw
import msgspec

from index.documents.document import Document
from index.documents.facets import Facet
from index.documents.passages import Passage, Passages, Rows, mean_of
from index.filters.tree import Condition, Lasting, both
from index.store import rows
from index.store.clock import Clock
from index.store.connections import Readers
from index.store.expiry import count_expired
from index.store.facets import fetch_facets
from index.store.listing import after, count_matching
from index.store.meta import stored_ndim
from index.store.passage_rows import count_of, fetch_passages
from index.store.unchanged import Stored, fetch_unchanged
from index.store.vector_rows import count_by_variant, count_others
from index.store.writer import Writer

PAGE_DOCUMENTS = 256
NUMBER_BYTES = 4  # of float32


class Include(msgspec.Struct, frozen=True):
    """What comes along with a document: its vector, its passages, with both their vectors, and its text."""

    vector: bool = False
    passages: bool = False
    text: bool = True


NOTHING = Include()


class Reads:
    """The reading half of a store. From any thread."""

    def __init__(self, readers: Readers, writer: Writer, clock: Clock, variant: int) -> None:
        self._readers = readers
        self._writer = writer
        self._clock = clock
        self._variant = variant

    def lasting(self) -> Lasting | None:
        """Return what a read must add to its condition; to be called before its transaction begins.

        None where nothing that it will see has expired by now.
        """
        now_ms, next_ms = self._clock.now_ms(), self._writer.next_expiry_ms
        return Lasting(now_ms) if next_ms is not None and next_ms <= now_ms else None

    def get(self, id_: str, include: Include = NOTHING) -> Document | None:
        now_ms = self._clock.now_ms()
        with self._readers.reading() as connection:
            found = rows.find(connection, id_)
            if found is None or found.has_expired(now_ms):
                return None
            return decoded(connection, [seen_text(found, include)], include)[0]

    def unchanged(self, texts: Mapping[str, str]) -> dict[str, Stored]:
        """Return, by id, what this variant computed of texts that are there already, in whatever document."""
        now_ms = self._clock.now_ms()
        with self._readers.reading() as connection:
            return fetch_unchanged(connection, texts, self._variant, now_ms)

    def list_after(
        self,
        id_: str,
        limit: int,
        include: Include = NOTHING,
        max_bytes: int | None = None,
        condition: Condition | None = None,
    ) -> list[Document]:
        """Return the documents that match and follow an id in the order of the ids' bytes.

        There is at least one if any is left, and as many as take at most so many bytes.
        """
        condition = both(condition, self.lasting())
        with self._readers.reading() as connection:
            row_bytes = NUMBER_BYTES * stored_ndim(connection) if include.vector or include.passages else 0

            def vector_bytes(one: rows.StoredDocument) -> int:
                return row_bytes and row_bytes * count_of(connection, one.key)

            found = (seen_text(one, include) for one in after(connection, id_, limit, condition))
            return decoded(connection, first_bytes(found, max_bytes, vector_bytes), include)

    def documents(self, include: Include = NOTHING) -> Iterator[Document]:
        """Yield all documents in the order of their ids, a page a transaction."""
        last = ""
        while page := self.list_after(last, PAGE_DOCUMENTS, include):
            yield from page
            last = page[-1].id

    def count(self, condition: Condition | None = None) -> int:
        """Return how many documents match."""
        lasting = self.lasting()
        with self._readers.reading() as connection:
            if condition is None:
                return rows.count(connection) - (count_expired(connection, lasting.now_ms) if lasting else 0)
            return count_matching(connection, both(condition, lasting) or condition)

    def facets(self, fields: Sequence[str], condition: Condition | None, limit: int) -> dict[str, Facet]:
        """Return the facet of each field, of the documents that match."""
        condition = both(condition, self.lasting())
        with self._readers.reading() as connection:
            return fetch_facets(connection, fields, condition, limit)

    def count_by_variant(self) -> dict[str, int]:
        """Return how many vectors each variant computed, which reads all of them."""
        with self._readers.reading() as connection:
            return count_by_variant(connection)

    def count_others(self) -> dict[str, int]:
        """Return how many vectors each variant but the present one computed; given ones are not counted."""
        with self._readers.reading() as connection:
            return count_others(connection, self._variant)


def seen_text(found: rows.StoredDocument, include: Include) -> rows.StoredDocument:
    """Return the document, without its text where that was not asked for."""
    return found if include.text else msgspec.structs.replace(found, text="")


def first_bytes(
    found: Iterator[rows.StoredDocument], max_bytes: int | None, more_bytes: Callable[[rows.StoredDocument], int]
) -> list[rows.StoredDocument]:
    """Return the first documents that take at most so many bytes together, at least one; the rest is never read.

    `more_bytes` is what a document takes beside its text and metadata.
    """
    page: list[rows.StoredDocument] = []
    left = float("inf") if max_bytes is None else max_bytes
    for one in found:
        left -= one.content_bytes + more_bytes(one)
        if left < 0 and page:
            break
        page.append(one)
    return page


def decoded(connection: apsw.Connection, found: Sequence[rows.StoredDocument], include: Include) -> list[Document]:
    """Return documents as callers see them, with what they asked for of their vectors and passages."""
    if not (include.vector or include.passages):
        return [one.decode() for one in found]
    passages = fetch_passages(connection, [one.key for one in found], stored_ndim(connection))
    return [one.decode(*seen(one.characters, passages.get(one.key), include)) for one in found]


def seen(characters: int, found: Passages | None, include: Include) -> tuple[Rows | None, tuple[Passage, ...] | None]:
    """Return the vector and the passages of so many characters; None where they are damaged or not asked for."""
    if found is None:
        return None, None
    vector = mean_of(found.rows) if include.vector else None
    if not include.passages:
        return vector, None
    pairs = zip(found.spans or ((0, characters),), found.rows, strict=True)
    return vector, tuple(Passage(start, end, row if include.vector else None) for (start, end), row in pairs)
