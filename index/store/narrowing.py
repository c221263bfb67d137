# ruff: noqa: S608 - SQL is made here, of pieces of this wing alone
"""Which of some documents match, one condition after the other, each looked for in the cheaper of two ways.

Few documents are probed one by one; where a condition has few rows, those are listed instead. Documents that are known
to match or not to match are not looked at again, so a filter takes at most the time of its conditions' rows.
"""

import apsw
import numpy as np

from index.filters.clauses import Leaf, attribute, probe, size
from index.filters.selectivity import Cover
from index.filters.tree import Comparison, Condition, Every, Exists, Lasting, Negation, Range, Some
from index.store.interruption import checkpoint
from index.store.queries import Keys, array_of, single

# A row that is listed takes 0.12 us, a document that is probed 0.7.
ROWS_A_PROBE = 5
# Up to so many probes are one statement of SQL, which has some 20 us less to prepare for each condition.
FEW_PROBES = 2_000

NONE = np.empty(0, np.int64)


def matching(connection: apsw.Connection, condition: Condition, cover: Cover | None) -> Keys:
    """Return the documents that match in ascending order, found through a cover if there is one."""
    if cover is None:
        return narrowed(connection, condition, all_keys(connection))
    found = [keys_of(connection, leaf) for leaf in cover.leaves]
    keys = np.unique(np.concatenate([NONE, *found]))
    if len(cover.leaves) == 1:  # it holds for all of these
        condition = rest_of(condition, cover.leaves[0])
    return narrowed(connection, condition, keys)


def rest_of(condition: Condition, leaf: Leaf) -> Condition:
    """Return what is left to look at of documents for which a leaf holds, without which the condition never does."""
    if condition == leaf:
        return Every(())
    if not isinstance(condition, Every):
        return condition
    return Every(tuple(part for part in condition.parts if part != leaf))


def matching_among(connection: apsw.Connection, condition: Condition, keys: Keys) -> Keys:
    """Return the documents of these keys that are there and match, in ascending order."""
    if not len(keys):
        return NONE
    if len(keys) * leaf_count(condition) <= FEW_PROBES:
        return probed(connection, condition, keys)
    return narrowed(connection, condition, probed(connection, Every(()), keys))


def narrowed(connection: apsw.Connection, condition: Condition, keys: Keys) -> Keys:
    """Return those of these documents that match. The keys ascend, and each is a document's."""
    if not len(keys):
        return NONE
    match condition:
        case Comparison() | Range() | Exists():
            return holding(connection, condition, keys)
        case Lasting(now_ms=now_ms):
            return without(keys, listed(connection, "SELECT key FROM docs WHERE expires <= ?", now_ms))
        case Negation(part=part):
            return without(keys, narrowed(connection, part, keys))
        case Every(parts=parts):
            for part in parts:
                keys = narrowed(connection, part, keys)
            return keys
        case Some(parts=parts):
            rest = keys
            for part in parts:
                rest = without(rest, narrowed(connection, part, rest))
            return without(keys, rest)


def holding(connection: apsw.Connection, leaf: Leaf, keys: Keys) -> Keys:
    """Return those of the documents for which a leaf holds."""
    checkpoint()
    limit = ROWS_A_PROBE * len(keys)
    clause = size(leaf, limit)
    rows = int(single(connection, clause.sql, *clause.values))
    if rows == limit:
        return probed(connection, leaf, keys)
    return keys[np.isin(keys, keys_of(connection, leaf))] if rows else NONE


def keys_of(connection: apsw.Connection, leaf: Leaf) -> Keys:
    """Return the keys of all rows of a leaf, in any order; a document may have several."""
    clause = attribute(leaf)
    return listed(connection, f"SELECT attr.key FROM attr WHERE {clause.sql}", *clause.values)


def all_keys(connection: apsw.Connection) -> Keys:
    """Return the keys of all documents, in ascending order."""
    return np.sort(listed(connection, "SELECT key FROM docs"))


def listed(connection: apsw.Connection, query: str, *values: float | str) -> Keys:
    """Return the integers that a query lists. As one text they take a third of the time that rows would."""
    text = single(connection, f"SELECT group_concat(key, ' ') FROM ({query})", *values)
    return NONE if text is None else np.fromstring(text, np.int64, sep=" ")


def probed(connection: apsw.Connection, condition: Condition, keys: Keys) -> Keys:
    """Return the documents of these keys that are there and match, in ascending order, each looked at by itself."""
    clause = probe(condition, "docs.key")
    query = f"SELECT docs.key FROM carray(?) AS wanted CROSS JOIN docs ON docs.key = wanted.value WHERE {clause.sql}"
    rows = connection.execute(query, (array_of(np.unique(keys)), *clause.values)).fetchall()
    return np.fromiter((key for (key,) in rows), np.int64, len(rows))


def without(keys: Keys, others: Keys) -> Keys:
    return keys[~np.isin(keys, others)] if len(others) else keys


def leaf_count(condition: Condition) -> int:
    """Return how many conditions a filter has, in which others do not stand."""
    match condition:
        case Negation(part=part):
            return leaf_count(part)
        case Every(parts=parts) | Some(parts=parts):
            return sum(map(leaf_count, parts))
    return 1
