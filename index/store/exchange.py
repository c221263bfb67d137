"""Exchanges all vectors of a collection for another model's, gathered in tables of their own."""

import apsw
import numpy as np

from index.documents.passages import Passages
from index.store import rows
from index.store.group import Changes
from index.store.meta import forget_snapshots
from index.store.passage_rows import count_of, decode_spans, encode_spans, insert_spans
from index.store.queries import select
from index.store.store import Store
from index.store.vector_rows import insert_fresh

EXCHANGE = """
DROP TABLE vectors;
ALTER TABLE fresh RENAME TO vectors;
CREATE TABLE fresh (key INTEGER PRIMARY KEY, variant INTEGER NOT NULL, vector BLOB NOT NULL, crc INTEGER NOT NULL);
DELETE FROM passages;
DELETE FROM stale;
"""


def gather(connection: apsw.Connection, store: Store, key: int, passages: Passages) -> None:
    """Write the new vectors of a document, under new keys where it has another number of passages than before."""
    rows.remove_fresh(connection, np.array([key]))
    count, before = len(passages), count_of(connection, key)
    last = key if count == before else store.take_keys(count)
    insert_fresh(connection, enumerate(passages.rows, last - count + 1), store.variant)
    if count > 1 or last != key:
        values = (key, last, encode_spans(passages.spans))
        connection.execute("INSERT INTO fresh_passages VALUES (?, ?, ?)", values)


def exchange_all(connection: apsw.Connection, changes: Changes) -> None:
    """Put what was gathered in the place of all vectors; documents of another number of passages get new keys."""
    connection.execute(EXCHANGE)
    for key, last, blob in select(connection, "SELECT doc, last, spans FROM fresh_passages ORDER BY last"):
        spans = decode_spans(blob)
        if last != key:
            rows.rename(connection, key, last)
            changes.removed.append(key)
            changes.renamed.append(last)
        if spans:
            insert_spans(connection, [(last, spans)])
    connection.execute("DELETE FROM fresh_passages")
    forget_snapshots(connection)
    changes.exchanged = True
