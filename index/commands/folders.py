"""Data folders as arguments of the commands, and what lies in them."""

import argparse
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from index.commands.errors import CommandError
from index.store.layout import (
    COLLECTIONS,
    DATABASE_FILE,
    DEFAULT_COLLECTION,
    LOCK_FILE,
    check_collection_name,
    contents_of,
)
from index.store.lock import FolderLock

DATA = Path(__file__).resolve().parents[2] / "data"  # the server's default
MEMORY = ":memory:"


def add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="the data folder (default: %(default)s)")


def add_collection(parser: argparse.ArgumentParser, default: str | None, about: str) -> None:
    parser.add_argument("--collection", default=default, metavar="NAME", help=about)


def refuse_memory(folder: Path) -> None:
    """Raise CommandError where the folder stands for documents in memory."""
    if str(folder) == MEMORY:
        message = f"{MEMORY} is not on the disk: such documents live in the server's process alone and end with it"
        raise CommandError(message)


def data_folder(folder: Path) -> Path:
    """Return the folder, or raise CommandError where it is not one of vecd's."""
    refuse_memory(folder)
    if not folder.is_dir():
        what = "no folder" if folder.exists() else "not there"
        message = f"{folder} is {what}; name the server's data folder with --data DIR"
        raise CommandError(message)
    if not (folder / COLLECTIONS).is_dir():
        message = f"{folder} is no data folder of vecd: it has no folder {COLLECTIONS!r} inside"
        raise CommandError(message)
    return folder


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder that is only read, so that no server starts with it. A backup has no lock."""
    if not (folder / LOCK_FILE).exists() or os.statvfs(folder).f_flag & os.ST_RDONLY:
        yield
        return
    with FolderLock(folder):
        yield


def databases_of(folder: Path, name: str | None) -> dict[str, Path]:
    """Return the databases of all collections, or of the one that is named, by the collection's name."""
    if name is not None:
        return {name: database_of(folder, name)}
    return {found: path / DATABASE_FILE for found, path in contents_of(folder).collections.items()}


def database_of(folder: Path, name: str) -> Path:
    """Return the path of a collection's database, or raise CommandError, which says which collections there are."""
    path = folder / COLLECTIONS / check_collection_name(name) / DATABASE_FILE
    if not path.is_file():
        there = contents_of(folder).collections
        known = f"there are {', '.join(there)}" if there else "it has none"
        hint = "" if name == DEFAULT_COLLECTION else " (the name is given with --collection)"
        message = f"{folder} has no collection {name!r}{hint}; {known}"
        raise CommandError(message)
    return path


def real(path: Path) -> Path:
    """Return the path without links."""
    try:
        return path.resolve()
    except RuntimeError as error:  # what pathlib says of links in a circle
        message = f"{path}: its links lead in a circle"
        raise CommandError(message) from error


def refuse_inside(target: Path, folder: Path) -> None:
    """Raise CommandError where the target lies in a data folder: the server would not start with it there."""
    if real(target).is_relative_to(real(folder)):
        message = f"{target} lies inside the data folder {folder}, which is the server's alone; choose another place"
        raise CommandError(message)
