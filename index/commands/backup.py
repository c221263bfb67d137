"""`backup`: copies collections to a new folder, also while a server uses them.

Each is of one commit, and checked as `doctor` checks before it counts: a backup of damage would push out good ones. The
folder is there when all of it is. Snapshots of the view are not copied; a server builds it from the documents.
"""

import argparse
import secrets
import shutil
from pathlib import Path

from index.commands.doctor import require
from index.commands.errors import CommandError
from index.commands.examination import examine
from index.commands.folders import add_collection, add_data, data_folder, databases_of, refuse_inside
from index.commands.reading import ReadDatabase, reason_of
from index.commands.terminal import Terminal, counted
from index.errors import DamagedError, StorageFullError
from index.store.backup import back_up
from index.store.disk import Disk
from index.store.layout import COLLECTIONS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", type=Path, metavar="TARGET", help="a new folder")
    add_data(parser)
    add_collection(parser, None, "only this collection (default: all)")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Return 0 when the backup is there, whole and checked."""
    folder = data_folder(options.data)
    target: Path = options.target
    refuse_inside(target, folder)
    if target.is_symlink() or target.exists():
        message = f"{target} is there already; name a new folder, for instance one with the date in its name"
        raise CommandError(message)
    databases = databases_of(folder, options.collection)
    if not databases:
        message = f"{folder} holds no collections yet: there is nothing to back up"
        raise CommandError(message)
    documents = write(databases, target, terminal)
    terminal.answer(f"{target}: {counted(len(databases), 'collection')}, {counted(documents, 'document')}, checked")
    return 0


def copy(database: Path, folder: Path, disk: Disk) -> Path:
    """Copy one database; errors name it, not the copy."""
    try:
        return back_up(ReadDatabase(database), folder, disk)
    except DamagedError as error:
        message = f"{database} is damaged ({error.__cause__}); stop the server and run doctor"
        raise CommandError(message) from error
    except StorageFullError as error:
        message = f"{folder} cannot be written: {reason_of(error.__cause__ or error)}; nothing is left of the backup"
        raise CommandError(message) from error


def write(databases: dict[str, Path], target: Path, terminal: Terminal) -> int:
    """Write all copies beside the target, check them, and give them its name. Returns the number of documents."""
    partial = target.with_name(f"{target.name}.partial-{secrets.token_hex(4)}")
    documents, disk = 0, Disk()
    try:
        disk.make_durable_folder(partial)
        with terminal.bar("backup", len(databases), " collections") as bar:
            for name, database in databases.items():
                examined = examine(copy(database, partial / COLLECTIONS / name, disk))
                require(examined, f"the collection {name!r}", "stop the server and run doctor")
                documents += examined.documents or 0
                bar.update()
        disk.synchronize(partial / COLLECTIONS)
        disk.synchronize(partial)
        disk.rename(partial, target)
        disk.synchronize(target.parent)
    except BaseException:  # whatever it was, half a backup is none
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return documents
