# ruff: noqa: S608 - SQL is made here, of pieces of this room alone
"""Lists and counts the documents that match a condition.

A list is in the order of ids. Where few documents may match, all of them are found and put in order for each page;
where many may, ids are walked from where the page begins, so all pages together look at each document once.
"""

from collections.abc import Iterator

import apsw

from index.filters.clauses import enumeration, probe
from index.filters.selectivity import matching, smallest_cover
from index.filters.tree import Condition
from index.store import rows
from index.store.queries import array_of, single
from index.store.rows import COLUMNS, StoredDocument, checked_document

SORTED_ROWS = 20_000  # for each page: 40 ms
COUNTED_ROWS = 100_000


def after(
    connection: apsw.Connection, id_: str, limit: int, condition: Condition | None, sorted_rows: int = SORTED_ROWS
) -> Iterator[StoredDocument]:
    """Yield the documents that match and whose ids follow this one, in the order of their ids' bytes.

    Each is read when asked for.
    """
    if condition is None:
        return walked(connection, "id > ? ORDER BY id LIMIT ?", id_, limit)
    cover = smallest_cover(connection, condition, sorted_rows + 1)
    if cover is None or cover.rows > sorted_rows:
        clause = probe(condition, "docs.key")
        return walked(connection, f"id > ? AND {clause.sql} ORDER BY id LIMIT ?", id_, *clause.values, limit)
    keys = matching(connection, condition, cover)
    if not len(keys):
        return iter(())
    query = (
        "SELECT docs.key FROM carray(?) AS wanted CROSS JOIN docs ON docs.key = wanted.value "
        "WHERE id > ? ORDER BY id LIMIT ?"
    )
    ordered = [int(key) for (key,) in connection.execute(query, (array_of(keys), id_, limit))]
    return rows.fetch(connection, ordered)


def walked(connection: apsw.Connection, rest: str, *values: str | float) -> Iterator[StoredDocument]:
    return (checked_document(row) for row in connection.execute(f"SELECT {COLUMNS} FROM docs WHERE {rest}", values))


def count_matching(connection: apsw.Connection, condition: Condition, counted_rows: int = COUNTED_ROWS) -> int:
    """Return how many documents match."""
    cover = smallest_cover(connection, condition, counted_rows)
    if cover is not None and not cover.leaves:
        return 0
    driven = cover is not None and (len(cover.leaves) == 1 or cover.rows < counted_rows)
    clause = enumeration(condition, cover.leaves if cover is not None and driven else None)
    return int(single(connection, f"SELECT count(*) FROM ({clause.sql})", *clause.values))
