"""At most how many documents match a filter, counted no further than it matters."""

import apsw
import msgspec

from index.filters.clauses import Leaf, size
from index.filters.tree import Comparison, Condition, Every, Exists, Lasting, Negation, Range, Some


class Cover(msgspec.Struct, frozen=True):
    """Leaves of a filter of which at least one holds for every match, and how many rows they have together."""

    leaves: tuple[Leaf, ...]
    rows: int


def smallest_cover(connection: apsw.Connection, condition: Condition, limit: int) -> Cover | None:
    """Return the cover of the fewest rows, each leaf counted up to the limit; None where a filter has none."""
    match condition:
        case Comparison() | Range() | Exists():
            clause = size(condition, limit)
            ((rows,),) = connection.execute(clause.sql, clause.values)
            return Cover((condition,), int(rows))
        case Every(parts=parts):
            covers = [cover for part in parts if (cover := smallest_cover(connection, part, limit)) is not None]
            return min(covers, key=lambda cover: cover.rows, default=None)
        case Some(parts=parts):
            leaves: tuple[Leaf, ...] = ()
            rows = 0
            for part in parts:
                cover = smallest_cover(connection, part, limit)
                if cover is None:
                    return None
                leaves, rows = leaves + cover.leaves, rows + cover.rows
            return Cover(leaves, rows)
        case Negation() | Lasting():
            return None
