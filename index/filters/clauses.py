# ruff: noqa: S608 - SQL is made here, of pieces of this file alone
"""From a filter's tree to SQL over the attributes. Pure; every value is bound, none is written into the text.

A probe says of one document whether it matches. The rows of a leaf, which holds for their documents, are found by the
index `attr_by_value`.
"""

import msgspec

from index.documents.attributes import Scalar
from index.filters.tree import Comparison, Condition, Every, Exists, Lasting, Negation, Range, Some

Leaf = Comparison | Range | Exists


class Clause(msgspec.Struct, frozen=True):
    """A piece of SQL and the values of its parameters, in order."""

    sql: str
    values: tuple[Scalar, ...] = ()


def probe(condition: Condition, key: str) -> Clause:
    """Return the boolean expression for the document whose key the SQL expression `key` gives."""
    match condition:
        case Comparison() | Range() | Exists():
            inner = attribute(condition)
            # Without the plus SQLite looks up every value of a list by itself, instead of the document's one.
            unindexed = inner.sql.replace("attr.value IN", "+attr.value IN")
            return Clause(f"EXISTS (SELECT 1 FROM attr WHERE attr.key = {key} AND {unindexed})", inner.values)
        case Lasting(now_ms=now_ms):
            return Clause(f"{key} NOT IN (SELECT gone.key FROM docs AS gone WHERE gone.expires <= ?)", (now_ms,))
        case Negation(part=part):
            inner = probe(part, key)
            return Clause(f"NOT {inner.sql}", inner.values)
        case Every(parts=parts):
            return joined([probe(part, key) for part in parts], " AND ", "TRUE")
        case Some(parts=parts):
            return joined([probe(part, key) for part in parts], " OR ", "FALSE")


def attribute(leaf: Leaf) -> Clause:
    """Return the condition on one row of attr."""
    match leaf:
        case Exists(field=field):
            return Clause("attr.field = ?", (field,))
        case Range(field=field, kind=kind, above=above, low=low, below=below, high=high):
            bounds = f"attr.value {above} ? AND attr.value {below} ?"
            return Clause(f"attr.field = ? AND attr.kind = ? AND {bounds}", (field, kind, low, high))
        case Comparison(field=field, kind=kind, order=order, values=values):
            if len(values) == 1:
                return Clause(f"attr.field = ? AND attr.kind = ? AND attr.value {order} ?", (field, kind, *values))
            assert order == "="
            marks = ", ".join("?" * len(values))
            return Clause(f"attr.field = ? AND attr.kind = ? AND attr.value IN ({marks})", (field, kind, *values))


def joined(clauses: list[Clause], word: str, empty: str) -> Clause:
    """Return all clauses joined by the word, in parentheses."""
    sql = word.join(clause.sql for clause in clauses) or empty
    return Clause(f"({sql})", tuple(value for clause in clauses for value in clause.values))


def size(leaf: Leaf, limit: int) -> Clause:
    """Return the query that counts how many rows a leaf has, up to the limit."""
    inner = attribute(leaf)
    return Clause(f"SELECT count(*) FROM (SELECT 1 FROM attr WHERE {inner.sql} LIMIT ?)", (*inner.values, limit))
