"""Lists and counts the documents that match a condition.

A list is in the order of ids. Where few documents may match, all of them are found and put in order for each page;
where many may, ids are walked from where the page begins, so all pages together look at each document once.
"""

from collections.abc import Iterator

import apsw
import numpy as np

from index.filters.clauses import attribute
from index.filters.selectivity import smallest_cover
from index.filters.tree import Comparison, Condition, Range
from index.store import rows
from index.store.narrowing import matching, narrowed
from index.store.queries import array_of, select, single
from index.store.rows import COLUMNS, StoredDocument, checked_document

SORTED_ROWS = 20_000  # for each page: 40 ms
COUNTED_ROWS = 100_000
MAX_WALKED_ROWS = 65_536  # looked at together, where few of those before them match


def after(
    connection: apsw.Connection, id_: str, limit: int, condition: Condition | None, sorted_rows: int = SORTED_ROWS
) -> Iterator[StoredDocument]:
    """Yield the documents that match and whose ids follow this one, in the order of their ids' bytes.

    Each is read when asked for.
    """
    if condition is None:
        query = f"SELECT {COLUMNS} FROM docs WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608
        return (checked_document(row) for row in connection.execute(query, (id_, limit)))
    cover = smallest_cover(connection, condition, sorted_rows + 1)
    if cover is None or cover.rows > sorted_rows:
        return walked(connection, id_, limit, condition)
    keys = matching(connection, condition, cover)
    if not len(keys):
        return iter(())
    query = (
        "SELECT docs.key FROM carray(?) AS wanted CROSS JOIN docs ON docs.key = wanted.value "
        "WHERE id > ? ORDER BY id LIMIT ?"
    )
    ordered = [int(key) for (key,) in connection.execute(query, (array_of(keys), id_, limit))]
    return rows.fetch(connection, ordered)


def walked(connection: apsw.Connection, id_: str, limit: int, condition: Condition) -> Iterator[StoredDocument]:
    """Walk ids, more of them at each step while too few match."""
    size = min(2 * limit, MAX_WALKED_ROWS)
    while limit > 0:
        step = select(connection, "SELECT key, id FROM docs WHERE id > ? ORDER BY id LIMIT ?", id_, size)
        keys = np.fromiter((key for key, _ in step), np.int64, len(step))
        chosen = keys[np.isin(keys, narrowed(connection, condition, np.sort(keys)))][:limit].tolist()
        yield from rows.fetch(connection, chosen)
        if len(step) < size:
            return
        id_, limit, size = step[-1][1], limit - len(chosen), min(4 * size, MAX_WALKED_ROWS)


def count_matching(connection: apsw.Connection, condition: Condition, counted_rows: int = COUNTED_ROWS) -> int:
    """Return how many documents match."""
    if isinstance(condition, Comparison | Range):  # of which a document has one row
        clause = attribute(condition)
        return int(single(connection, f"SELECT count(*) FROM attr WHERE {clause.sql}", *clause.values))  # noqa: S608
    cover = smallest_cover(connection, condition, counted_rows)
    if cover is not None and cover.rows >= counted_rows and len(cover.leaves) > 1:
        cover = None
    return len(matching(connection, condition, cover))
