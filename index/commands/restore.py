"""`restore`: puts a backup into a stopped data folder, every collection of it or one.

All copies are made and checked first, as `doctor` checks. Then each takes its collection's place by one rename: a kill
leaves the old or the new. Collections that the backup has not are left alone.
"""

import argparse
import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw

from index import rows
from index.backup import copy
from index.collection import DATABASE_FILE
from index.commands.doctor import require
from index.commands.examination import examine
from index.commands.folders import add_collection, add_data, data_folder, database_of, find, held, real, refuse_memory
from index.commands.reading import told
from index.commands.terminal import CommandError, Terminal, counted
from index.commands.untouched import untouched
from index.connections import Database
from index.durable import make_durable
from index.errors import DamagedError, StorageFullError
from index.index import COLLECTIONS, DROPPED
from index.lock import FolderLock
from index.snapshots import synchronize
from index.wal import examine_log

READERS_MS = 1_000  # how long whoever reads what is to be replaced is waited for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Ask for where from and where to."""
    parser.add_argument("backup", type=Path, metavar="BACKUP", help="a folder that `backup` has written")
    add_data(parser)
    add_collection(parser, None, "only this collection (default: all that the backup has)")
    parser.add_argument("--replace", action="store_true", help="let documents that are there now go")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Return 0 when everything asked for is restored."""
    source, folder = data_folder(options.backup), options.data
    refuse_memory(folder)
    if real(source) == real(folder):
        message = f"{source} is the data folder itself; name the backup first, and the data folder with --data"
        raise CommandError(message)
    make_durable(folder)
    with contextlib.ExitStack() as locks:
        locks.enter_context(FolderLock(folder))
        locks.enter_context(held(source))
        names = [options.collection] if options.collection is not None else list(find(source).collections)
        databases = {name: database_of(source, name) for name in names}
        if not databases:
            message = f"{source} holds no collections: there is nothing to restore"
            raise CommandError(message)
        if not options.replace:
            refuse_occupied(folder, names)
        with staging(folder) as staged:
            documents = {name: stage(name, path, staged / name, terminal) for name, path in databases.items()}
            for name in names:
                put_in_place(staged / name, folder / COLLECTIONS / name)
                terminal.answer(f"{name}: restored, {counted(documents[name], 'document')}")
    others = sorted(set(find(folder).collections) - set(names))
    if others:
        terminal.say(f"left as they were: {', '.join(others)}")
    return 0


def refuse_occupied(folder: Path, names: list[str]) -> None:
    """Raise where a collection holds documents, or cannot say that it does not."""
    for name in names:
        database = folder / COLLECTIONS / name / DATABASE_FILE
        if not database.exists():
            continue
        examined = examine(database)
        if examined.documents != 0:
            what = "cannot be read" if examined.documents is None else f"has {counted(examined.documents, 'document')}"
            message = f"the collection {name!r} in {folder} {what}; with --replace the backup takes its place"
            raise CommandError(message)


@contextlib.contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Lend a folder beside the collections; if it is left behind, the server removes it at its next start."""
    staged = folder / COLLECTIONS / f"{DROPPED}{secrets.token_hex(8)}"
    make_durable(staged)
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def stage(name: str, database: Path, folder: Path, terminal: Terminal) -> int:
    """Copy a backup's database, and check the copy whole. Returns the number of documents."""
    make_durable(folder)
    copied = folder / DATABASE_FILE
    damaged = f"the backup's collection {name!r} is damaged"
    if problems := examine_log(database.resolve()):  # the copy would be without what is lost, and well
        message = f"{damaged}: {database}: {problems[0]}; nothing was changed. Take another backup"
        raise CommandError(message)
    try:
        with terminal.bar(f"checking {name}", None), untouched(database) as source:
            copy(source, copied)
            Database(copied).connect_writer().close()  # with a log from now on, so that readers hold up no start
    except (apsw.FullError, apsw.IOError) as error:
        message = f"{folder} cannot be written: {told(error)}; nothing was changed. Make room, or look at the disk"
        raise CommandError(message) from error
    except apsw.Error as error:
        message = f"{damaged}: {database}: {error}; nothing was changed. Take another backup"
        raise CommandError(message) from error
    examined = examine(copied)
    require(examined, damaged, "nothing was changed. Take another backup")
    synchronize(copied)
    synchronize(folder)
    return examined.documents or 0


def put_in_place(staged: Path, folder: Path) -> None:
    """Have a checked copy take a collection's place."""
    if not folder.exists():
        staged.rename(folder)
    else:
        empty_log(folder / DATABASE_FILE)
        (staged / DATABASE_FILE).rename(folder / DATABASE_FILE)
        synchronize(folder)
    synchronize(folder.parent)


def empty_log(database: Path) -> None:
    """Move what is in the write-ahead log into the database that goes: the log must not be applied to the next one.

    A log of a damaged database that cannot be moved is removed; what there was of the collection is lost anyway.
    """
    if database.with_name(f"{database.name}-wal").exists():
        try:
            busy = checkpoint(database)
        except (apsw.CorruptError, apsw.NotADBError, DamagedError):
            busy = False
        except apsw.BusyError:
            busy = True
        except (apsw.Error, StorageFullError) as error:
            message = f"{database} cannot be exchanged: {told(error.__cause__ or error)}; it is as it was. Make room"
            raise CommandError(message) from error
        if busy:
            message = f"{database} is being read by another process, an export perhaps; try again when that is done"
            raise CommandError(message)
    for beside in ("-shm", "-wal", "-journal"):
        database.with_name(f"{database.name}{beside}").unlink(missing_ok=True)


def checkpoint(database: Path) -> bool:
    """Move the whole log into the database; return whether somebody who reads is in the way."""
    connection = Database(database).connect_writer()
    try:
        connection.set_busy_timeout(READERS_MS)
        busy, _, _ = rows.select(connection, "PRAGMA wal_checkpoint(TRUNCATE)")[0]
    finally:
        connection.close()
    return bool(busy)
