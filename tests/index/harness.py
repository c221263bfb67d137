"""What the tests of the index share: an index over a folder, documents with vectors, and brute-force search."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index import Collection, Document, Entry, Index, Lacking, Passages, Query, check_content
from index.documents.metadata import encode_metadata
from index.documents.passages import Span, mean_of, whole
from index.documents.query import Hit
from index.filters.parsing import parse_filter
from index.search.hits import hits_of
from index.search.planner import Planner
from index.store.clock import Clock
from index.store.disk import Disk
from tests.index.vectors import NDIM, Rows, one

FINGERPRINT = "model-a"


def open_index(
    folder: Path | None,
    disk: Disk | None = None,
    fingerprint: str = FINGERPRINT,
    variant: str = "",
    clock: Clock | None = None,
) -> Index:
    return Index(folder, fingerprint, NDIM, variant, disk, clock)


def document(id_: str, seed: int = 0, text: str = "", **metadata: Any) -> Document:
    return Document(id_, text or f"the text of {id_}", metadata, one(seed))


def spans_of(length: int, count: int, overlap: int = 1) -> tuple[Span, ...]:
    """Spans of so many passages that cover a text, which is no shorter; they overlap as far as their parts allow."""
    if count == 1:
        return ()
    ends = [length * (number + 1) // count for number in range(count)]
    return tuple((max(place, ends[place - 1] - overlap) if place else 0, end) for place, end in enumerate(ends))


def passages(text: str, seeds: Sequence[int], cutting: int | None = None) -> Passages:
    """A text cut into as many passages as there are seeds of vectors."""
    return Passages(np.stack([one(seed) for seed in seeds]), spans_of(len(text), len(seeds)), cutting)


def entry(id_: str, seeds: Sequence[int], text: str = "", cutting: int | None = None, **metadata: Any) -> Entry:
    """A document of as many passages as there are seeds."""
    text = text or f"the text of {id_}"
    return Entry(check_content(id_, text, metadata), passages(text, seeds, cutting))


def computed(texts: Sequence[Lacking], vector: Callable[[int], Rows]) -> dict[int, Passages]:
    """What a model makes of texts that are one passage each, by the documents' keys."""
    return {one_.key: whole(vector(one_.key)) for one_ in texts}


def loaded(index: Index) -> bool:
    """Wait until the default collection has the graph that its start begins with."""
    loading = index.collection().memory.loading
    return loading is not None and loading.wait(60)


def through_graph(collection: Collection, query: Query) -> list[Hit]:
    """Search by vector through the graph, however few rows there are."""
    assert query.vector is not None
    planner = Planner(collection.store.readers, collection.memory.vectors, exact_rows=0)
    condition = parse_filter(query.filter) if query.filter else None
    return planner.search(
        query.vector,
        condition,
        query.top_k,
        lambda connection, nearest: hits_of(connection, nearest.ranking, query, nearest.rows),
    )


def nearest(documents: Mapping[str, Document], query: Rows, count: int) -> list[str]:
    """The ids of the nearest documents by float32, exactly."""
    ids = list(documents)
    rows = np.stack([vector_of(documents[id_]) for id_ in ids]) if ids else np.empty((0, NDIM), np.float32)
    return [ids[position] for position in np.argsort(-(rows @ query), kind="stable")[:count]]


def vector_of(found: Document) -> Rows:
    assert found.vector is not None
    return found.vector


def same_as_entry(found: Document, given: Entry) -> bool:
    """Whether a document with vectors and passages is the one that was put, bit for bit."""
    content, passages = given.content, given.passages
    spans = passages.spans or ((0, len(content.text)),)
    assert found.passages is not None
    return (
        (found.id, found.text, encode_metadata(found.metadata)) == (content.id, content.text, content.metadata)
        and [(one_.start, one_.end) for one_ in found.passages] == list(spans)
        and all((one_.vector == row).all() for one_, row in zip(found.passages, passages.rows, strict=True))
        and (vector_of(found) == mean_of(passages.rows)).all()
    )


def same(a: Document, b: Document) -> bool:
    """Whether two documents are equal, their vectors bit for bit."""
    return (a.id, a.text, a.metadata) == (b.id, b.text, b.metadata) and (vector_of(a) == vector_of(b)).all()
