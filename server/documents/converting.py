"""The index's structs as the contract's, and back. Pure."""

from collections.abc import Mapping

import index
from server.contract.documents import (
    Document,
    Explanation,
    Facet,
    FacetValue,
    Hit,
    Include,
    Mark,
    Part,
    Passage,
    Projection,
    Snippet,
)


def document_of(found: index.Document) -> Document:
    passages = None
    if found.passages is not None:
        passages = [Passage(one.start, one.end, one.vector) for one in found.passages]
    return Document(found.id, found.text, found.metadata, found.vector, passages, found.expires_ms)


def include_of(given: Include) -> index.Include:
    return index.Include(given.vector, given.passages, given.text)


def facets_of(found: Mapping[str, index.Facet]) -> dict[str, Facet]:
    return {
        field: Facet([FacetValue(value, count) for value, count in one.values], one.distinct)
        for field, one in found.items()
    }


def projection_of(found: index.Projection) -> Projection:
    plane = found.plane
    return Projection(
        documents=found.documents,
        ids=found.ids,
        x=found.x,
        y=found.y,
        values=found.values,
        mean=plane.mean,
        components=plane.components,
        explained=list(plane.explained),
        state=found.state,
    )


def hit_of(hit: index.Hit) -> Hit:
    return Hit(
        id=hit.id,
        text=hit.text,
        score=hit.score,
        metadata=hit.metadata,
        passage=None if hit.passage is None else Passage(hit.passage.start, hit.passage.end),
        explain=None if hit.explain is None else Explanation(part_of(hit.explain.vector), part_of(hit.explain.text)),
        characters=hit.characters,
        vector=hit.vector,
        snippet=None if hit.snippet is None else snippet_of(hit.snippet),
    )


def part_of(part: index.Part | None) -> Part | None:
    return None if part is None else Part(part.score, part.normalized, part.rank)


def snippet_of(found: index.Snippet) -> Snippet:
    return Snippet(found.text, found.start, found.end, [Mark(start, end) for start, end in found.marks])
