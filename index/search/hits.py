"""From a ranking to what a caller gets: the documents, read within the transaction that the ranking was made in."""

from collections.abc import Mapping, Sequence

import apsw

from index.documents.passages import Passage
from index.documents.query import Hit, Query
from index.errors import DamagedError, QueryError
from index.search.candidates import Ranking
from index.store import rows
from index.store.passage_rows import damaged, spans_of


def hits_of(
    connection: apsw.Connection, ranking: Ranking, query: Query, rows_found: Mapping[int, int] | None = None
) -> list[Hit]:
    """Return the best documents of a ranking; raises QueryError where they are too large together.

    `rows_found` names the row of each document's best passage, where there is one.
    """
    best = [(key, score) for key, score in ranking[: query.top_k] if score >= query.lowest_score]
    found = fetch_limited(connection, [key for key, _ in best], query.max_bytes)
    if lacking := [key for key, _ in best if key not in found]:
        raise DamagedError(f"the documents are damaged: none has the key {lacking[0]}. Restore a backup")
    passages = passages_at(connection, [found[key] for key, _ in best], rows_found or {})
    decoded = ((key, found[key].decode(), score) for key, score in best)
    return [Hit(one.id, one.text, score, one.metadata, passages.get(key)) for key, one, score in decoded]


def passages_at(
    connection: apsw.Connection, found: Sequence[rows.StoredDocument], rows_found: Mapping[int, int]
) -> dict[int, Passage]:
    """Return by document the passage of the row that was found; raises DamagedError where it has none."""
    spans = spans_of(connection, [one.key for one in found if one.key in rows_found])
    passages = {}
    for one in found:
        if one.key in rows_found:
            every = spans.get(one.key, ((0, len(one.text)),))
            place = rows_found[one.key] - one.key - 1  # the last row is the document's
            if len(every) < -place:
                raise damaged(one.key)
            start, end = every[place]
            passages[one.key] = Passage(start, end)
    return passages


def fetch_limited(
    connection: apsw.Connection, keys: list[int], max_bytes: int | None
) -> dict[int, rows.StoredDocument]:
    """Return the documents by key, or raise QueryError as soon as their content takes more than so many bytes."""
    found: dict[int, rows.StoredDocument] = {}
    size_bytes = 0
    for document in rows.fetch(connection, keys):
        found[document.key] = document
        if max_bytes is not None:
            size_bytes += document.content_bytes
            if size_bytes > max_bytes:
                raise QueryError(
                    f"the texts and metadata of {len(keys)} hits take more than {max_bytes} bytes; lower top_k"
                )
    return found
