"""Checks a database row by row, and the view against it. Says what is wrong; mends nothing."""

import apsw
import msgspec
import numpy as np

from index import rows
from index.captures import Moment
from index.connections import READER_CACHE_KIB, Database, Readers
from index.documents import UNIT_TOLERANCE
from index.errors import DamagedError
from index.vectors import Vectors

MAX_PROBLEMS = 100


class Health(msgspec.Struct, frozen=True):
    """What was looked at, and what is wrong with it: no problems, no damage."""

    documents: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.problems


def examine(database: Database, ndim: int) -> Health:
    """Check SQLite's structures, every row's checksum, every vector's length, and that the tables agree."""
    # A connection of its own: in one that has searched before, FTS5 checks what it remembers instead of what is there.
    connection = database.connect(READER_CACHE_KIB)
    problems: list[str] = []
    documents = 0
    try:
        connection.execute("BEGIN")
        found = connection.execute(f"PRAGMA integrity_check({MAX_PROBLEMS})").fetchall()
        problems += [f"SQLite: {row[0]}" for row in found if row[0] != "ok"]
        documents = rows.count(connection)
        problems += examine_documents(connection)
        problems += examine_vectors(connection, ndim)
        problems += examine_counts(connection)
    except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError, UnicodeDecodeError) as error:
        problems.append(f"SQLite: {error}")
    finally:
        connection.close()
    return Health(documents, tuple(problems[:MAX_PROBLEMS]))


def examine_documents(connection: apsw.Connection) -> list[str]:
    """Check the documents' checksums."""
    problems = []
    for row in connection.execute("SELECT key, id, text, metadata, crc FROM docs"):
        try:
            rows.stored(row)
        except DamagedError:
            problems.append(f"the document {row[1]!r} is damaged: its checksum differs")
    return problems


def examine_vectors(connection: apsw.Connection, ndim: int) -> list[str]:
    """Check the vectors' checksums, lengths and norms."""
    problems = []
    for key, blob, crc in connection.execute("SELECT key, vector, crc FROM vectors"):
        if not isinstance(blob, bytes) or len(blob) != 4 * ndim or rows.vector_checksum(key, blob) != crc:
            problems.append(f"the vector with key {key} is damaged: its checksum or its length differs")
            continue
        norm = float(np.linalg.norm(np.frombuffer(blob, np.float32)))
        if not abs(norm - 1) <= UNIT_TOLERANCE:
            problems.append(f"the vector with key {key} has length {norm:.4g} instead of 1")
    return problems


def examine_counts(connection: apsw.Connection) -> list[str]:
    """Check that what belongs to a document is there, and nothing else."""
    problems = []
    for table, key in (("vectors", "key"), ("texts_docsize", "id")):
        lacking = f"SELECT count(*) FROM docs WHERE key NOT IN (SELECT {key} FROM {table})"  # noqa: S608
        left = f"SELECT count(*) FROM {table} WHERE {key} NOT IN (SELECT key FROM docs)"  # noqa: S608
        if count := rows.single(connection, lacking):
            problems.append(f"{count} documents have no row in {table}")
        if count := rows.single(connection, left):
            problems.append(f"{count} rows of {table} belong to no document")
    if count := rows.single(connection, "SELECT count(*) FROM attr WHERE key NOT IN (SELECT key FROM docs)"):
        problems.append(f"{count} rows of attr belong to no document")
    return problems


def examine_view(health: Health, readers: Readers, vectors: Vectors) -> Health:
    """Check what is in memory against the database too: the keys, and every row as it was rounded.

    While others write, too: both are seen as of one moment. But exchanging all vectors meanwhile shows as a difference.
    """
    problems = list(health.problems)
    clock = vectors.clock
    with readers.reading() as connection:
        capture, view = vectors.capture(Moment(clock, rows.highest_key(connection)))
        for keys, truth in rows.all_vectors(connection, capture.rows.shape[1]):
            slots, known = capture.slots(keys)
            if not known.all():
                problems.append(f"{int((~known).sum())} vectors are not in memory")
            differing = (capture.rows[slots[known]] != truth[known].astype(np.float16)).any(axis=1)
            if differing.any():
                problems.append(f"{int(differing.sum())} vectors in memory differ from the database")
    viewed = capture.keys[capture.viewed]
    lacking = np.setdiff1d(viewed, view.keys())
    now, view_now = vectors.capture()  # what was taken out meanwhile had its mark taken away first
    missing = np.intersect1d(lacking, now.keys[now.viewed]) if view_now is view else lacking[:0]
    if len(missing):
        problems.append(f"{len(missing)} rows that the view should have are not in it")
    return Health(health.documents, tuple(problems[:MAX_PROBLEMS]))
