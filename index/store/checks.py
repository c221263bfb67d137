"""Checks of a database row by row. Each says what is wrong, one line a problem, and changes nothing.

A check may meet damage of any kind: `problems_of` runs all of them, and tells of each what it found or what stopped it.
"""

from collections.abc import Callable, Iterable

import apsw
import numpy as np

from index.documents.passages import check_spans
from index.documents.vector import is_unit
from index.errors import DamagedError, DocumentError
from index.store import rows
from index.store.checksums import bytes_checksum, digest_of_text, vector_checksum
from index.store.connections import is_of_surroundings
from index.store.meta import read_meta
from index.store.passage_rows import checked_spans
from index.store.queries import select, single
from index.store.schema import MIGRATIONS, migrate, version
from index.store.settings_row import settings_in

MAX_PROBLEMS = 100
MAX_NDIM = 1 << 16
MAX_SHOWN = 80  # letters of an id or a name

Check = Callable[[apsw.Connection], Iterable[str]]


def problems_of(connection: apsw.Connection, checks: Iterable[Check]) -> tuple[str, ...]:
    """Return what all checks find, each problem once, MAX_PROBLEMS of them."""
    problems = [problem for check in checks for problem in attempt(check, connection)]
    return tuple(dict.fromkeys(problems))[:MAX_PROBLEMS]


def attempt(check: Check, connection: apsw.Connection) -> list[str]:
    """Return what a check finds, and what stopped it, unless that tells nothing of the data: then it raises."""
    problems: list[str] = []
    try:
        problems.extend(check(connection))
    except (apsw.Error, DamagedError) as error:
        if is_of_surroundings(error):
            raise
        problems.append(f"SQLite: {error}")
    except (TypeError, ValueError) as error:  # what is damaged may be of any type, and text no text
        problems.append(f"a value is damaged: {error}")
    return problems


def check_documents(connection: apsw.Connection) -> Iterable[str]:
    """Check the documents' checksums, over bytes that may no longer be text."""
    query = (
        "SELECT key, CAST(id AS BLOB), CAST(text AS BLOB), metadata, crc, expires, digest, "
        "typeof(id) = 'text' AND typeof(text) = 'text' AND typeof(metadata) = 'blob' "
        "AND typeof(expires) IN ('integer', 'null') FROM docs"
    )
    for key, id_, text, metadata, crc, expires_ms, digest, typed in connection.execute(query):
        whole = typed and bytes_checksum(key, id_, text, metadata, expires_ms) == crc
        if not whole or digest not in (None, digest_of_text(text)):
            shown = printable(id_.decode("utf-8", "replace")) if isinstance(id_, bytes) else "without an id"
            yield f"the document {shown} (key {key}) is damaged: its checksum differs"


def check_meta(connection: apsw.Connection) -> Iterable[str]:
    """Check that the database says whose vectors it holds, and by which settings."""
    meta = read_meta(connection)
    if not isinstance(meta.get("fingerprint"), str):
        yield "the model's fingerprint is missing"
    try:
        settings_in(meta)
    except DamagedError as error:
        yield str(error)


def check_vectors(connection: apsw.Connection) -> Iterable[str]:
    """Check the vectors' checksums, dimensions and lengths."""
    ndim = read_meta(connection).get("ndim")
    if not isinstance(ndim, int) or not 0 < ndim <= MAX_NDIM:
        yield f"the number of dimensions is {ndim!r}"
        return
    for key, blob, crc in connection.execute("SELECT key, vector, crc FROM vectors"):
        if not isinstance(blob, bytes) or len(blob) != 4 * ndim or vector_checksum(key, blob) != crc:
            yield f"the vector with key {key} is damaged: its checksum or its length differs"
            continue
        norm = float(np.linalg.norm(np.frombuffer(blob, np.float32)))
        if not is_unit(norm):
            yield f"the vector with key {key} has length {norm:.4g} instead of 1"


def check_schema(connection: apsw.Connection) -> Iterable[str]:
    """Check the tables' definitions against those of a new database of the same version."""
    new = apsw.Connection(":memory:")
    try:
        migrate(new, MIGRATIONS[: version(connection)])
        expected, found = definitions(new), definitions(connection)
    finally:
        new.close()
    for name in sorted({name for name, _ in expected ^ found}):
        yield f"the definition of {printable(name)} is not vecd's"


def definitions(connection: apsw.Connection) -> set[tuple[str, str]]:
    """Return names and definitions; a table that was renamed stands in quotes, which mean nothing."""
    found = select(connection, "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'")
    return {(str(name), "".join(str(sql).replace('"', "").split())) for name, sql in found}


def check_structure(connection: apsw.Connection) -> Iterable[str]:
    """Have SQLite check pages and indexes."""
    for (found,) in connection.execute(f"PRAGMA integrity_check({MAX_PROBLEMS})").fetchall():
        if found != "ok":
            yield f"SQLite: {found}"


def check_keys(connection: apsw.Connection) -> Iterable[str]:
    """Check that no key will be used twice."""
    used = single(connection, "SELECT max(key) FROM docs")
    if used is not None and rows.highest_key(connection) < used:
        yield "the count of keys is behind the documents: a key would be used twice"


def check_counts(connection: apsw.Connection) -> Iterable[str]:
    """Check that what belongs to a document is there, and nothing else."""
    if count := single(connection, "SELECT count(*) FROM docs WHERE key NOT IN (SELECT key FROM vectors)"):
        yield f"{count} documents have no row in vectors"
    for table, column in (("attr", "key"), ("passages", "doc"), ("stale", "doc")):
        left = f"SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT key FROM docs)"  # noqa: S608 - names from here
        if count := single(connection, left):
            yield f"{count} rows of {table} belong to no document"


def check_passages(connection: apsw.Connection) -> Iterable[str]:
    """Check that every passage stands in its text and has a vector, and that each vector is a passage's."""
    query = "SELECT doc, parts, spans, passages.crc, length(text) FROM passages JOIN docs ON docs.key = doc"
    for *row, length in connection.execute(query):
        try:
            spans = checked_spans(row)
            check_spans(spans, length)
        except (DamagedError, DocumentError) as error:
            yield f"the passages of the document with key {row[0]} are damaged: {error}"
    every = single(connection, "SELECT (SELECT count(*) FROM docs) + (SELECT total(parts - 1) FROM passages)")
    there = single(
        connection,
        "SELECT (SELECT count(*) FROM docs JOIN vectors ON vectors.key = docs.key) + (SELECT count(*) FROM passages "
        "JOIN vectors ON vectors.key BETWEEN doc - parts + 1 AND doc - 1)",
    )
    if there < every:
        yield f"{int(every - there)} passages have no row in vectors"
    if (count := single(connection, "SELECT count(*) FROM vectors") - there) > 0:
        yield f"{count} rows of vectors belong to no document"
    shared = "SELECT count(*) FROM passages JOIN docs ON docs.key BETWEEN doc - parts + 1 AND doc - 1"
    if count := single(connection, shared):
        yield f"{count} rows of vectors belong to two documents"


def printable(text: str) -> str:
    """Return text of any origin, an id or a file's name, in quotes and cut, so that it cannot steer a terminal."""
    shown = repr(text)
    return shown if len(shown) <= MAX_SHOWN else f"{shown[: MAX_SHOWN - 3]}..."


CHECKS: tuple[Check, ...] = (
    check_documents,
    check_meta,
    check_vectors,
    check_schema,
    check_structure,
    check_keys,
    check_counts,
    check_passages,
)
