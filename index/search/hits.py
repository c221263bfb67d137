"""From a ranking to what a caller gets: the documents, read within the transaction that the ranking was made in."""

import apsw

from index.documents.query import Hit, Query
from index.errors import DamagedError, QueryError
from index.search.planner import Ranking
from index.store import rows


def hits_of(connection: apsw.Connection, ranking: Ranking, query: Query) -> list[Hit]:
    """Return the best documents of a ranking; raises QueryError where they are too large together."""
    best = [(key, score) for key, score in ranking[: query.top_k] if score >= query.lowest_score]
    found = fetch_limited(connection, [key for key, _ in best], query.max_bytes)
    if lacking := [key for key, _ in best if key not in found]:
        raise DamagedError(f"the documents are damaged: none has the key {lacking[0]}. Restore a backup")
    pairs = [(found[key].decode(), score) for key, score in best]
    return [Hit(document.id, document.text, score, document.metadata) for document, score in pairs]


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
