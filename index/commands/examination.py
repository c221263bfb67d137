"""Checks a stopped collection: its log, its database row by row, and the snapshots of its view. Changes nothing.

No damage ends the examination early but one that hides the tables: each check tells what it finds, and what stopped it.
"""

from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec

from index import rows
from index.commands.terminal import printable
from index.commands.untouched import untouched
from index.errors import DamagedError
from index.health import MAX_PROBLEMS, examine_counts, examine_vectors
from index.schema import MIGRATIONS, migrate, version
from index.snapshots import digest_of
from index.wal import examine_log

Check = Callable[[apsw.Connection], list[str]]


class Examined(msgspec.Struct, frozen=True):
    """What a collection holds, None where that cannot be read; what is wrong with it, and with its view alone.

    `newer`: written by a newer vecd, and not looked at further.
    """

    documents: int | None = None
    fingerprint: str | None = None
    ndim: int | None = None
    problems: tuple[str, ...] = ()
    view_problems: tuple[str, ...] = ()
    newer: bool = False

    @property
    def ok(self) -> bool:
        """Say whether nothing is wrong."""
        return not (self.problems or self.view_problems)


def examine(database: Path) -> Examined:
    """Check a database that nobody has open, and the files beside it."""
    try:
        database = database.resolve()  # SQLite keeps the log beside what a link points to
        if not database.is_file() or not database.stat().st_size:
            what = "is empty" if database.exists() else "is not there"
            return Examined(problems=(f"{database.name} {what}: it was lost, or never made",))
        in_log = examine_log(database)
        with untouched(database) as connection:
            return examine_version(connection, database.parent, in_log)
    except apsw.ReadOnlyError:
        problem = "a change was cut off before it was whole, and is taken back when the server starts; then look again"
    except (apsw.Error, UnicodeDecodeError) as error:
        problem = f"SQLite: {error}"
    except OSError as error:
        problem = f"{error.filename or database.name} cannot be read: {error.strerror}"
    return Examined(problems=(problem,))


def examine_version(connection: apsw.Connection, folder: Path, problems: list[str]) -> Examined:
    """Check a database that could be opened; `problems` are known already."""
    found = version(connection)
    if found > len(MIGRATIONS):
        what = f"written by a newer vecd (schema {found}; this one knows {len(MIGRATIONS)})"
        return Examined(problems=(what,), newer=True)
    if found < 1:
        return Examined(problems=(*problems, "the database has no tables: it was never made whole, or is damaged"))
    return examine_tables(connection, folder, problems)


def examine_tables(connection: apsw.Connection, folder: Path, problems: list[str]) -> Examined:
    """Check a database whose tables can be seen; `problems` are known already."""
    documents: list[int] = []
    meta: dict[str, object] = {}

    def read_documents(connection: apsw.Connection) -> list[str]:
        documents.append(rows.count(connection))
        return examine_documents(connection)

    def read_meta(connection: apsw.Connection) -> list[str]:
        meta.update(rows.read_meta(connection))
        return [] if isinstance(meta.get("fingerprint"), str) else ["the model's fingerprint is missing"]

    def read_vectors(connection: apsw.Connection) -> list[str]:
        ndim = meta.get("ndim")
        if not isinstance(ndim, int) or not 0 < ndim <= 1 << 16:
            return [f"the number of dimensions is {ndim!r}"]
        return examine_vectors(connection, ndim)

    structure: tuple[Check, ...] = (examine_schema, examine_structure, examine_keys, examine_counts, examine_words)
    for check in (read_documents, read_meta, read_vectors, *structure):
        problems += attempt(check, connection)
    view = attempt(lambda connection: examine_snapshots(connection, folder), connection)
    fingerprint, ndim = meta.get("fingerprint"), meta.get("ndim")
    return Examined(
        documents=documents[0] if documents else None,
        fingerprint=fingerprint if isinstance(fingerprint, str) else None,
        ndim=ndim if isinstance(ndim, int) else None,
        problems=tuple(dict.fromkeys(problems))[:MAX_PROBLEMS],
        view_problems=tuple(view),
    )


def attempt(check: Check, connection: apsw.Connection) -> list[str]:
    """Return what a check finds, or what stopped it."""
    try:
        return check(connection)
    except (apsw.Error, DamagedError) as error:
        return [f"SQLite: {error}"]
    except (TypeError, ValueError) as error:  # what is damaged may be of any type, and text no text
        return [f"a value is damaged: {error}"]


def examine_schema(connection: apsw.Connection) -> list[str]:
    """Check the tables' definitions against those of a new database of the same version."""
    new = apsw.Connection(":memory:")
    try:
        migrate(new, MIGRATIONS[: version(connection)])
        expected, found = definitions(new), definitions(connection)
    finally:
        new.close()
    differing = {name for name, _ in expected ^ found}
    return [f"the definition of {printable(name)} is not vecd's" for name in sorted(differing)]


def definitions(connection: apsw.Connection) -> set[tuple[str, str]]:
    """Return names and definitions; a table that was renamed stands in quotes, which mean nothing."""
    found = rows.select(connection, "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'")
    return {(str(name), "".join(str(sql).replace('"', "").split())) for name, sql in found}


def examine_structure(connection: apsw.Connection) -> list[str]:
    """Have SQLite check pages, indexes, and the structure of the full text."""
    found = connection.execute(f"PRAGMA integrity_check({MAX_PROBLEMS})").fetchall()
    return [f"SQLite: {row[0]}" for row in found if row[0] != "ok"]


def examine_documents(connection: apsw.Connection) -> list[str]:
    """Check the documents' checksums, over bytes that may be no text any more."""
    problems = []
    query = (
        "SELECT key, CAST(id AS BLOB), CAST(text AS BLOB), metadata, crc, "
        "typeof(id) = 'text' AND typeof(text) = 'text' AND typeof(metadata) = 'blob' FROM docs"
    )
    for key, id_, text, metadata, crc, typed in connection.execute(query):
        if not typed or rows.bytes_checksum(key, id_, text, metadata) != crc:
            shown = printable(id_.decode("utf-8", "replace")) if isinstance(id_, bytes) else "without an id"
            problems.append(f"the document {shown} (key {key}) is damaged: its checksum differs")
    return problems


def examine_keys(connection: apsw.Connection) -> list[str]:
    """Check that no key will be used twice."""
    used = rows.single(connection, "SELECT max(key) FROM docs")
    if used is not None and rows.highest_key(connection) < used:
        return ["the count of keys is behind the documents: a key would be used twice"]
    return []


def examine_words(connection: apsw.Connection) -> list[str]:
    """Check the full text against the texts. To SQLite this is a statement that writes, which is then taken back."""
    connection.execute("BEGIN")
    try:
        connection.execute("INSERT INTO texts (texts, rank) VALUES ('integrity-check', 1)")
    except apsw.CorruptError:
        return ["the full text is not that of the documents"]
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return []


def examine_snapshots(connection: apsw.Connection, folder: Path) -> list[str]:
    """Check the view's files. The server builds the view anew from the database where one is wrong."""
    problems = []
    for name, digest in rows.select(connection, "SELECT file, sha256 FROM snapshots"):
        path = folder / str(name)
        if path.parent != folder or not path.is_file():
            problems.append(f"the snapshot {printable(str(name))} is not there")
        elif digest_of(path) != digest:
            problems.append(f"the snapshot {name} is damaged: its sha256 differs")
    return problems
