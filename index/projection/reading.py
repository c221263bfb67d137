"""What a projection takes of a transaction: which documents there are, their ids, vectors and values of a field."""

from collections.abc import Iterable, Mapping
from typing import Any

import apsw
import msgspec
import numpy as np

from index.documents.attributes import BOOLEAN, NUMBER, STRING
from index.documents.projection import FieldValue
from index.filters.tree import Condition, Every
from index.projection.components import Rows, evenly
from index.store.interruption import checkpoint
from index.store.narrowing import narrowed
from index.store.passage_rows import several_of
from index.store.queries import Keys, array_of
from index.store.rows import highest_key, keys_up_to
from index.store.vector_rows import fetch_vectors
from index.view.captures import Capture, places

MAX_LEARNED_ROWS = 100_000  # that the components are computed of
VALUE_CHARACTERS = 200  # of a string: as many as a legend has room for
KEYS_TOGETHER = 4_096  # between two looks whether anybody waits still

IDS = "SELECT docs.key, id FROM carray(?) AS wanted CROSS JOIN docs ON docs.key = wanted.value"
VALUES = (
    "SELECT attr.key, attr.kind, attr.value FROM carray(?) AS wanted CROSS JOIN attr ON attr.key = wanted.value "
    "WHERE attr.field = ? AND attr.kind IN (?, ?, ?)"
)


class Material(msgspec.Struct, frozen=True, eq=False):
    """What a projection is made of: the keys and ids of the documents shown, of so many that match, and their rows.

    `learned` are the rows that the components are computed of, of all documents, of which there are so many.
    """

    documents: int
    matching: int
    keys: Keys
    ids: list[str]
    shown: Rows
    learned: Rows


def material_of(
    connection: apsw.Connection, capture: Capture, lasting: Condition | None, condition: Condition | None, limit: int
) -> Material:
    """Return what a projection of at most `limit` of the documents that match takes.

    `capture` has the rows of the transaction; the documents that there are have not expired.
    """
    keys = narrowed(connection, lasting or Every(()), keys_up_to(connection, highest_key(connection)))
    keys, rows = first_rows(connection, capture, keys)
    matching = keys if condition is None else narrowed(connection, condition, keys)
    shown = matching[evenly(len(matching), limit)]
    chosen, learned = np.searchsorted(keys, shown), evenly(len(keys), MAX_LEARNED_ROWS)
    ids = text_by_key(connection, shown)
    return Material(
        documents=len(keys),
        matching=len(matching),
        keys=shown,
        ids=[ids[key] for key in shown.tolist()],
        shown=msgspec.structs.replace(rows, slots=rows.slots[chosen]),
        learned=msgspec.structs.replace(rows, slots=rows.slots[learned]),
    )


def first_rows(connection: apsw.Connection, capture: Capture, documents: Keys) -> tuple[Keys, Rows]:
    """Return the documents (ascending) that have vectors, and the row of the first passage of each.

    Rows that are no longer in memory are read from the database.
    """
    slots = np.searchsorted(capture.owners, documents)  # of the first of several
    there = slots < len(capture.owners)
    there[there] = (capture.owners[slots[there]] == documents[there]) & capture.alive[slots[there]]
    if there.all():
        return documents, Rows(capture.rows, slots)
    away = documents[~there]
    firsts = away - several_of(connection, away).counts_of(away) + 1
    found, vectors = fetch_vectors(connection, firsts, capture.rows.shape[1])
    order = np.argsort(found)
    at, stored = places(found[order], firsts)
    slots[~there] = len(capture.rows) + at
    there[~there] = stored
    return documents[there], Rows(capture.rows, slots[there], vectors[order].astype(np.float16))


def text_by_key(connection: apsw.Connection, keys: Keys) -> Mapping[int, str]:
    """Return the id of each of these documents."""
    return {key: id_ for part in parts_of(keys) for key, id_ in connection.execute(IDS, (array_of(part),))}


def values_of(connection: apsw.Connection, keys: Keys, field: str) -> list[FieldValue]:
    """Return the value that each of these documents has in a field, of strings the first characters."""
    found: dict[int, FieldValue] = {}
    for part in parts_of(keys):
        rows: Iterable[Any] = connection.execute(VALUES, (array_of(part), field, BOOLEAN, NUMBER, STRING))
        found |= {key: value_of(kind, value) for key, kind, value in rows}
    return [found.get(key) for key in keys.tolist()]


def value_of(kind: int, value: Any) -> FieldValue:
    if kind == BOOLEAN:
        return bool(value)
    shown: FieldValue = value[:VALUE_CHARACTERS] if kind == STRING else value
    return shown


def parts_of(keys: Keys) -> Iterable[Keys]:
    for start in range(0, len(keys), KEYS_TOGETHER):
        checkpoint()
        yield keys[start : start + KEYS_TOGETHER]
