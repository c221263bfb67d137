"""Counts the values of fields in the table that filters search. What is counted and sorted stays within SQLite."""

from collections.abc import Sequence
from typing import Any

import apsw

from index.documents.attributes import BOOLEAN, Scalar
from index.documents.facets import Facet, Value
from index.filters.selectivity import smallest_cover
from index.filters.tree import Condition
from index.store.narrowing import matching
from index.store.queries import array_of

DRIVING_ROWS = 20_000  # up to so many documents are looked up one by one, instead of all rows of the field

# A document has rows of one kind for a scalar, and of others for what stands in an array, which count as the same.
ALL, NONE = "attr AS held WHERE", "attr AS held WHERE FALSE AND"
FEW = "carray(?) AS wanted CROSS JOIN attr AS held ON held.key = wanted.value WHERE"
MANY = "attr AS held WHERE held.key IN (SELECT value FROM carray(?)) AND"
VALUES = "SELECT held.kind % 10 AS sort, held.value AS value, count(*) AS documents FROM"
GROUPED = "held.field = ? AND held.kind > 0 GROUP BY held.kind, held.value"
COUNTED = (
    "SELECT sort, value, sum(documents) AS documents, count(*) OVER () FROM ({inner}) "
    "GROUP BY sort, value ORDER BY documents DESC, sort, value LIMIT ?"
)


def fetch_facets(
    connection: apsw.Connection,
    fields: Sequence[str],
    condition: Condition | None,
    limit: int,
    driving_rows: int = DRIVING_ROWS,
) -> dict[str, Facet]:
    """Return the facet of each field, of the documents that match, with so many values at most."""
    source, arrays = rows_of(connection, condition, driving_rows)
    return {field: fetch_facet(connection, source, arrays, field, limit) for field in dict.fromkeys(fields)}


def rows_of(
    connection: apsw.Connection, condition: Condition | None, driving_rows: int
) -> tuple[str, tuple["apsw.CArrayBinding", ...]]:
    """Return where to find the values of the documents that match, which are looked for once for all fields."""
    if condition is None:
        return ALL, ()
    cover = smallest_cover(connection, condition, driving_rows + 1)
    keys = matching(connection, condition, cover)
    if not len(keys):
        return NONE, ()
    return FEW if len(keys) <= driving_rows else MANY, (array_of(keys),)


def fetch_facet(
    connection: apsw.Connection, source: str, arrays: tuple["apsw.CArrayBinding", ...], field: str, limit: int
) -> Facet:
    query = COUNTED.format(inner=f"{VALUES} {source} {GROUPED}")
    found: list[Any] = connection.execute(query, (*arrays, field, limit)).fetchall()
    values = [(value_of(int(kind), value), int(documents)) for kind, value, documents, _ in found]
    return Facet(values, int(found[0][3]) if found else 0)


def value_of(kind: int, value: Scalar) -> Value:
    return bool(value) if kind == BOOLEAN else value
