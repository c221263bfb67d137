"""`restore`: puts a backup into a stopped data folder, every collection of it or one.

All copies are made and checked first, as `doctor` checks. Then each takes its collection's place by one rename: a kill
leaves the old or the new. Collections that are not in the backup are left alone.
"""

import argparse
import contextlib
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw

from index.commands.doctor import require
from index.commands.errors import CommandError, UnexaminedError
from index.commands.examination import examine
from index.commands.folders import add_collection, add_data, data_folder, databases_of, held, real, refuse_memory
from index.commands.read_only import read_only
from index.commands.reading import reason_of
from index.commands.terminal import Terminal, counted
from index.errors import DamagedError, StorageFullError
from index.store.backup import copy_pages
from index.store.connections import Database, is_of_surroundings
from index.store.departure import settle
from index.store.disk import Disk
from index.store.layout import COLLECTIONS, DATABASE_FILE, DROPPED, contents_of
from index.store.lock import FolderLock
from index.store.log import examine_log
from index.store.queries import select

READERS_MS = 1_000  # how long readers of what is to be replaced are waited for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("backup", type=Path, metavar="BACKUP", help="a folder that `backup` has written")
    add_data(parser)
    add_collection(parser, None, "only this collection (default: all that the backup has)")
    parser.add_argument("--replace", action="store_true", help="let documents that are there now go")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Return 0 when all collections asked for are restored."""
    source, folder = data_folder(options.backup), options.data
    refuse_memory(folder)
    if real(source) == real(folder):
        message = f"{source} is the data folder itself; name the backup first, and the data folder with --data"
        raise CommandError(message)
    disk = Disk()
    disk.make_durable_folder(folder)
    with contextlib.ExitStack() as locks:
        locks.enter_context(FolderLock(folder))
        locks.enter_context(held(source))
        databases = databases_of(source, options.collection)
        if not databases:
            message = f"{source} holds no collections: there is nothing to restore"
            raise CommandError(message)
        if (folder / COLLECTIONS).is_dir():
            settle(folder, disk)  # or the next start would put a collection that was on its way out in the copy's place
        if not options.replace:
            refuse_occupied(folder, list(databases))
        with staging(folder) as staged:
            documents = {name: stage(name, path, staged / name, terminal) for name, path in databases.items()}
            others = sorted(set(contents_of(folder).collections) - set(databases))
            for name in databases:
                put_in_place(staged / name, folder / COLLECTIONS / name, disk)
                terminal.answer(f"{name}: restored, {counted(documents[name], 'document')}")
    if others:
        terminal.say(f"left as they were: {', '.join(others)}")
    return 0


def refuse_occupied(folder: Path, names: list[str]) -> None:
    """Raise where a collection holds documents, or cannot be read."""
    for name in names:
        database = folder / COLLECTIONS / name / DATABASE_FILE
        if not database.exists():
            continue
        examined = examine(database)
        if examined.unexamined and examined.documents is None:
            message = f"the collection {name!r} in {folder} could not be examined: {examined.unexamined}"
            raise UnexaminedError(message)
        if examined.documents != 0:
            what = "cannot be read" if examined.documents is None else f"has {counted(examined.documents, 'document')}"
            message = f"the collection {name!r} in {folder} {what}; with --replace the backup takes its place"
            raise CommandError(message)


@contextlib.contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Lend a folder beside the collections; if it is left behind, the server removes it at its next start."""
    staged = folder / COLLECTIONS / f"{DROPPED}{secrets.token_hex(8)}"
    Disk().make_durable_folder(staged)
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def stage(name: str, database: Path, folder: Path, terminal: Terminal) -> int:
    """Copy a backup's database, and check the copy whole. Returns the number of documents."""
    disk = Disk()
    disk.make_durable_folder(folder)
    copied = folder / DATABASE_FILE
    what = f"the backup's collection {name!r}"
    if problems := examine_log(
        database.resolve(), database.absolute().parent.parent.parent
    ):  # the copy would be without what is lost, and well
        message = f"{what} is damaged: {database}: {problems[0]}; nothing was changed. Take another backup"
        raise CommandError(message)
    try:
        with terminal.bar(f"checking {name}", None), read_only(database) as source:
            copy_pages(source, copied)
            Database(copied).connect_writer().close()  # with a log from now on, so that readers hold up no start
    except apsw.Error as error:
        if is_of_surroundings(error):
            message = f"{database} cannot be copied to {folder}: {reason_of(error)}; nothing was changed. Make room"
            raise UnexaminedError(f"{message}, or look at the disk") from error
        message = f"{what} is damaged: {database}: {error}; nothing was changed. Take another backup"
        raise CommandError(message) from error
    examined = examine(copied)
    require(examined, what, "nothing was changed. Take another backup")
    disk.synchronize(copied)
    disk.synchronize(folder)
    return examined.documents or 0


def put_in_place(staged: Path, folder: Path, disk: Disk) -> None:
    """Put a checked copy in the place of a collection."""
    changed = [folder.parent]
    if not folder.exists():
        disk.rename(staged, folder)
    else:
        empty_log(folder / DATABASE_FILE, checkpoint)
        disk.synchronize(folder)  # or a power cut may bring the log back, to the copy
        disk.rename(staged / DATABASE_FILE, folder / DATABASE_FILE)
        changed.insert(0, folder)
    try:
        for one in changed:
            disk.synchronize(one)
    except OSError as error:
        message = (
            f"the collection {folder.name!r} is written, but a power cut may undo that: "
            f"{one} cannot be flushed, {error.strerror}. Run the same command again"
        )
        raise CommandError(message) from error


def empty_log(database: Path, move: Callable[[Path], bool]) -> None:
    """Move the write-ahead log into the database that is replaced: it must not be applied to the next one.

    A log of a damaged database that cannot be moved is removed; what was in the collection is lost anyway.
    """
    if database.with_name(f"{database.name}-wal").exists():
        try:
            busy = move(database)
        except (apsw.CorruptError, apsw.NotADBError, DamagedError):
            busy = False
        except apsw.BusyError:
            busy = True
        except (apsw.Error, StorageFullError) as error:
            message = (
                f"{database} cannot be exchanged: {reason_of(error.__cause__ or error)}; it is as it was. Make room"
            )
            raise CommandError(message) from error
        if busy:
            message = f"{database} is being read by another process, an export perhaps; try again when that is done"
            raise CommandError(message)
    for beside in ("-shm", "-wal", "-journal"):
        database.with_name(f"{database.name}{beside}").unlink(missing_ok=True)


def checkpoint(database: Path) -> bool:
    """Move the whole log into the database; return whether a reader is in the way."""
    connection = Database(database).connect_writer()
    try:
        connection.set_busy_timeout(READERS_MS)
        busy, _, _ = select(connection, "PRAGMA wal_checkpoint(TRUNCATE)")[0]
    finally:
        connection.close()
    return bool(busy)
