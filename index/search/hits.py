"""From a ranking to what a caller gets: the documents, read within the transaction that the ranking was made in."""

from collections.abc import Mapping, Sequence

import apsw
import msgspec

from index.documents.passages import Passage, Span
from index.documents.query import Hit, Query
from index.errors import DamagedError, QueryError
from index.search.candidates import Ranking
from index.search.snippets import Snippets
from index.search.vectors import means_of
from index.store import rows
from index.store.passage_rows import damaged, spans_of

NOTHING: Mapping[int, int] = {}


def hits_of(
    connection: apsw.Connection,
    page: Ranking,
    query: Query,
    rows_found: Mapping[int, int] = NOTHING,
    snippets: Snippets | None = None,
) -> list[Hit]:
    """Return the documents of a page of a ranking; raises QueryError where what is handed out of them is too large.

    `rows_found` names the row of each document's best passage, where there is one. One text is read at a time, and kept
    only if it is wanted.
    """
    keys = [key for key, _ in page]
    spans = spans_of(connection, [key for key in keys if key in rows_found])
    vectors = means_of(connection, keys) if query.vectors else {}
    scores, hits, size_bytes = dict(page), dict[int, Hit](), 0
    for document in rows.fetch(connection, keys):
        passage = passage_at(document, spans, rows_found.get(document.key))
        hit = hit_of(document, query, scores[document.key], passage, snippets)
        if (vector := vectors.get(document.key)) is not None:
            hit = msgspec.structs.replace(hit, vector=vector)
        hits[document.key] = hit
        if query.max_bytes is not None:
            size_bytes += size_of(document, hit, query)
            if size_bytes > query.max_bytes:
                what = handed_out(query)
                raise QueryError(f"the {what} of {len(page)} hits take more than {query.max_bytes} bytes; lower top_k")
    if lacking := [key for key in keys if key not in hits]:
        raise DamagedError(f"the documents are damaged: none has the key {lacking[0]}. Restore a backup")
    return [hits[key] for key in keys]


def hit_of(
    document: rows.StoredDocument, query: Query, score: float, passage: Passage | None, snippets: Snippets | None
) -> Hit:
    """Return a document as the query wants it, without its vector."""
    return Hit(
        document.id,
        document.text if query.texts else "",
        score,
        msgspec.json.decode(document.metadata) if query.metadata else {},
        passage,
        snippet=None if snippets is None else snippets.of(document.text, passage),
        characters=len(document.text),
    )


def passage_at(document: rows.StoredDocument, spans: Mapping[int, Sequence[Span]], row: int | None) -> Passage | None:
    """Return the passage of the row that was found; raises DamagedError where the document has none."""
    if row is None:
        return None
    every = spans.get(document.key, ((0, len(document.text)),))
    place = row - document.key - 1  # the last row is the document's
    if len(every) < -place:
        raise damaged(document.key)
    start, end = every[place]
    return Passage(start, end)


def size_of(document: rows.StoredDocument, hit: Hit, query: Query) -> int:
    """Return how many bytes a hit hands out."""
    size_bytes = len(hit.text.encode()) + (len(document.metadata) if query.metadata else 0)
    if hit.snippet is not None:
        size_bytes += hit.snippet.size_bytes
    return size_bytes + (0 if hit.vector is None else hit.vector.nbytes)


def handed_out(query: Query) -> str:
    """Return what hits have of their documents, in words."""
    asked = (query.texts, query.metadata, query.snippet is not None, query.vectors)
    names = [name for name, there in zip(("texts", "metadata", "snippets", "vectors"), asked, strict=True) if there]
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
