"""From a ranking to what a caller gets: the documents, within the transaction that the ranking was made in."""

import apsw

from index import rows
from index.documents import DEFAULT_THRESHOLD, Hit, Query
from index.errors import DamagedError, QueryError
from index.filters import Condition
from index.hybrid import ARM_ROWS, fuse
from index.planner import Ranking
from index.text import search_text


def hits(connection: apsw.Connection, ranking: Ranking, query: Query) -> list[Hit]:
    """Return the documents of a ranking that are good enough; raises QueryError where they are too large together."""
    threshold = query.threshold
    if threshold is None:
        threshold = DEFAULT_THRESHOLD if query.mode == "vector" else float("-inf")
    best = [(key, score) for key, score in ranking[: query.top_k] if score >= threshold]
    found: dict[int, rows.Stored] = {}
    size = 0
    for one in rows.fetch(connection, [key for key, _ in best]):
        found[one.key] = one
        if query.max_bytes is not None:
            size += one.content_bytes
            if size > query.max_bytes:
                raise QueryError(
                    f"the texts and metadata of {len(best)} hits take more than {query.max_bytes} bytes; lower top_k"
                )
    if lacking := [key for key, _ in best if key not in found]:
        raise DamagedError(f"the documents are damaged: none has the key {lacking[0]}. Restore a backup")
    pairs = [(found[key].decode(), score) for key, score in best]
    return [Hit(document.id, document.text, score, document.metadata) for document, score in pairs]


def hybrid_hits(
    connection: apsw.Connection, by_vector: Ranking, condition: Condition | None, query: Query
) -> list[Hit]:
    """Return the documents of both rankings fused."""
    assert query.text is not None
    by_text = search_text(connection, query.text, condition, max(ARM_ROWS, query.top_k))
    return hits(connection, fuse([[key for key, _ in by_vector], [key for key, _ in by_text]]), query)
