"""Of the documents that have the same value in a field only the best are left. Pure but for `values_of`."""

from collections.abc import Mapping, Sequence

import apsw

from index.documents.attributes import BOOLEAN, NUMBER, STRING, Scalar
from index.search.candidates import Ranking
from index.store.queries import array_of

Value = tuple[int, Scalar]  # its kind and itself: 1 and 1.0 are equal, 1 and true are not

SCALARS = (
    "SELECT attr.key, attr.kind, attr.value FROM carray(?) AS wanted CROSS JOIN attr ON attr.key = wanted.value "
    "WHERE attr.field = ? AND attr.kind IN (?, ?, ?)"
)


def values_of(connection: apsw.Connection, keys: Sequence[int], field: str) -> dict[int, Value]:
    """Return by key the value of the field, of those of these documents in which it is a boolean, number or string."""
    if not keys:
        return {}
    rows = connection.execute(SCALARS, (array_of(keys), field, BOOLEAN, NUMBER, STRING))
    return {int(key): (kind, value) for key, kind, value in rows}


def best_of_groups(ranking: Ranking, values: Mapping[int, Value], per_group: int) -> Ranking:
    """Return a ranking without the documents of which so many better ones have the same value; it need have none."""
    counts: dict[Value, int] = {}
    left = []
    for key, score in ranking:
        value = values.get(key)
        if value is not None:
            counts[value] = counts.get(value, 0) + 1
            if counts[value] > per_group:
                continue
        left.append((key, score))
    return left
