"""`compact`: gives back the room that deleted documents have left in a stopped data folder, and erases what lies there.

Each database is written anew beside itself without what is free, checked as `doctor` checks, and takes its own place by
one rename: a kill leaves the old one or the new one. That needs as much room as what is not free in the largest.
"""

import argparse
import contextlib
import shutil
from pathlib import Path

import apsw
import msgspec

from index.commands.doctor import require
from index.commands.errors import CommandError
from index.commands.examination import examine
from index.commands.folders import add_collection, add_data, data_folder, databases_of
from index.commands.reading import reason_of
from index.commands.restore import checkpoint, empty_log, put_in_place, staging
from index.commands.terminal import Terminal
from index.errors import IndexRoomError
from index.store.connections import READER_CACHE_KIB, Database, uri_of
from index.store.disk import Disk, make_closed
from index.store.layout import DATABASE_FILE, contents_of
from index.store.lock import FolderLock
from index.store.log import check_log
from index.store.queries import single

SPARE_BYTES = 1 << 20  # beside the copy itself


class Sizes(msgspec.Struct, frozen=True):
    """The bytes of a database with its log, before and after."""

    before: int
    after: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    add_collection(parser, None, "only this collection (default: all)")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Return 0 when the databases hold nothing that is free."""
    folder = data_folder(options.data)
    with FolderLock(folder):
        for path in contents_of(folder).dropped:
            shutil.rmtree(path, ignore_errors=True)
        databases = databases_of(folder, options.collection)
        for name, database in databases.items():
            terminal.answer(f"{name}: {told(compact(name, database, folder, terminal))}")
        if not databases:
            terminal.answer(f"{folder} holds no collections yet")
    return 0


def compact(name: str, database: Path, folder: Path, terminal: Terminal) -> Sizes:
    """Write a database anew in its place; raises CommandError, and then everything is as it was."""
    before, disk = size_of(database), Disk()
    check_log(database)
    empty_log(database, checkpoint)
    with staging(folder) as staged:
        home = staged / name
        disk.make_durable_folder(home)
        with terminal.bar(f"compacting {name}", None):
            write(database, home / DATABASE_FILE, disk)
            examined = msgspec.structs.replace(examine(home / DATABASE_FILE), view_problems=())  # lies elsewhere
            require(examined, f"what is in {database}", "nothing was changed. Run doctor")
        put_in_place(home, database.parent, disk)
    return Sizes(before, size_of(database))


def write(database: Path, copied: Path, disk: Disk) -> None:
    """Write what is in a database, and nothing of what is free, to a new file; it is on the disk afterwards."""
    try:
        with contextlib.closing(Database(database).connect(READER_CACHE_KIB)) as source:
            require_room(source, copied.parent)
            make_closed(copied)
            source.execute("VACUUM INTO ?", (uri_of(copied),))
        Database(copied).connect_writer().close()  # with a log from now on, so that readers hold up no start
        disk.synchronize(copied)
        disk.synchronize(copied.parent)
    except (apsw.Error, OSError, IndexRoomError) as error:
        reason = error.strerror if isinstance(error, OSError) else reason_of(error.__cause__ or error)
        message = f"{database} cannot be written anew: {reason}; nothing was changed"
        raise CommandError(message) from error


def require_room(source: apsw.Connection, folder: Path) -> None:
    """Raise CommandError where a copy would not find room."""
    pages, free, page_bytes = (
        int(single(source, f"PRAGMA {name}")) for name in ("page_count", "freelist_count", "page_size")
    )
    needed, there = (pages - free) * page_bytes + SPARE_BYTES, shutil.disk_usage(folder).free
    if there < needed:
        message = (
            f"{needed / 1e6:,.1f} MB are needed beside the database, and {there / 1e6:,.1f} MB are free: make room"
        )
        raise CommandError(message)


def size_of(database: Path) -> int:
    """Return the bytes of a database and its log."""
    files = (database, database.with_name(f"{database.name}-wal"))
    return sum(path.stat().st_size for path in files if path.exists())


def told(sizes: Sizes) -> str:
    given_back = max(0, sizes.before - sizes.after)
    return f"{sizes.before:,} bytes before, {sizes.after:,} bytes now: {given_back / 1e6:,.1f} MB were given back"
