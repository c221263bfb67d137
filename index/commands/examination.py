"""Checks a stopped collection: its log, its database row by row, and the snapshots of its view. Changes nothing.

No damage ends the examination early but one that hides the tables.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import apsw
import msgspec

from index.commands.read_only import read_only
from index.store.checks import CHECKS, MAX_PROBLEMS, attempt, printable, problems_of
from index.store.connections import is_of_surroundings
from index.store.disk import digest_of
from index.store.health import count_or_none
from index.store.log import examine_log
from index.store.meta import read_meta
from index.store.queries import select
from index.store.schema import MIGRATIONS, look_present, version
from index.words.folder import named, problems_in


class Examined(msgspec.Struct, frozen=True):
    """What a collection holds, None where that cannot be read; what is wrong with it, and with its view alone.

    `newer`: written by a newer vecd, and not looked at further. `unexamined` says what was in the way of looking at it,
    or at its view, which says nothing about them.
    """

    documents: int | None = None
    fingerprint: str | None = None
    ndim: int | None = None
    problems: tuple[str, ...] = ()
    view_problems: tuple[str, ...] = ()
    newer: bool = False
    unexamined: str | None = None

    @property
    def ok(self) -> bool:
        return not (self.damaged or self.unexamined)

    @property
    def damaged(self) -> bool:
        return bool(self.problems or self.view_problems)


def examine(database: Path) -> Examined:
    """Check a database that no process has open, and the files beside it."""
    try:
        folder = database.absolute().parent.parent.parent
        database = database.resolve()  # SQLite keeps the log beside what a link points to
        if not database.is_file() or not database.stat().st_size:
            what = "is empty" if database.exists() else "is not there"
            return Examined(problems=(f"{database.name} {what}: it was lost, or never made",))
        in_log = examine_log(database, folder)
        with read_only(database) as connection:
            return examine_version(connection, database.parent, in_log)
    except apsw.ReadOnlyError:
        problem = "a change was cut off before it was whole, and is taken back when the server starts; then look again"
    except OSError as error:
        return Examined(unexamined=unreadable(error, database))
    except (apsw.Error, UnicodeDecodeError) as error:
        if is_of_surroundings(error):
            return Examined(unexamined=f"{database} cannot be read: {type(error).__name__}: {error}")
        problem = f"SQLite: {error}"
    return Examined(problems=(problem,))


def unreadable(error: OSError, file: Path) -> str:
    return f"{error.filename or file} cannot be read: {error.strerror or error}"


def examine_version(connection: apsw.Connection, folder: Path, in_log: list[str]) -> Examined:
    """Check a database that could be opened; `in_log` is what is wrong with its log."""
    found = version(connection)
    if found > len(MIGRATIONS):
        what = f"written by a newer vecd (schema {found}; this one knows {len(MIGRATIONS)})"
        return Examined(problems=(what,), newer=True)
    if found < 1:
        return Examined(problems=(*in_log, "the database has no tables: it was never made whole, or is damaged"))
    look_present(connection)
    return examine_tables(connection, folder, in_log)


def examine_tables(connection: apsw.Connection, folder: Path, in_log: list[str]) -> Examined:
    """Check a database whose tables can be seen; `in_log` is what is wrong with its log."""
    meta = readable_meta(connection)
    fingerprint, ndim = meta.get("fingerprint"), meta.get("ndim")
    problems = (*in_log, *problems_of(connection, CHECKS))
    view_problems, unexamined = [], None
    try:
        view_problems = [
            *attempt(lambda connection: check_snapshots(connection, folder), connection),
            *attempt(lambda connection: check_words(connection, folder), connection),
        ]
    except OSError as error:
        unexamined = unreadable(error, folder)
    return Examined(
        documents=count_or_none(connection),
        fingerprint=fingerprint if isinstance(fingerprint, str) else None,
        ndim=ndim if isinstance(ndim, int) else None,
        problems=problems[:MAX_PROBLEMS],
        view_problems=tuple(view_problems),
        unexamined=unexamined,
    )


def readable_meta(connection: apsw.Connection) -> dict[str, Any]:
    """Return what the database says of itself, or nothing where damage hides it."""
    try:
        return read_meta(connection)
    except (apsw.Error, ValueError) as error:
        if is_of_surroundings(error):
            raise
        return {}


def check_snapshots(connection: apsw.Connection, folder: Path) -> Iterable[str]:
    """Check the view's files. Where one is wrong, the server rebuilds the view from the database."""
    for name, digest in select(connection, "SELECT file, sha256 FROM snapshots"):
        path = folder / str(name)
        if path.parent != folder or not path.is_file():
            yield f"the snapshot {printable(str(name))} is not there"
        elif digest_of(path) != digest:
            yield f"the snapshot {name} is damaged: its sha256 differs"


def check_words(connection: apsw.Connection, folder: Path) -> Iterable[str]:
    """Check the files of the words' index. Where one is wrong, the server builds it again from the database."""
    name = named(connection)
    return () if name is None else problems_in(folder / name)
