"""A data folder as the commands find it: what lies in it, told without changing anything."""

import argparse
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from index.collection import DATABASE_FILE
from index.commands.terminal import CommandError, printable
from index.index import COLLECTIONS, DEFAULT, DROPPED, NAME
from index.lock import LOCK_FILE, FolderLock

DATA = Path(__file__).resolve().parents[2] / "data"  # the server's default
MEMORY = ":memory:"


class Found(msgspec.Struct, frozen=True):
    """The collections of a folder by name, and what else lies among them."""

    collections: dict[str, Path]
    strangers: tuple[str, ...]


def add_data(parser: argparse.ArgumentParser) -> None:
    """Ask for the data folder."""
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="the data folder (default: %(default)s)")


def add_collection(parser: argparse.ArgumentParser, default: str | None, about: str) -> None:
    """Ask for a collection."""
    parser.add_argument("--collection", default=default, metavar="NAME", help=about)


def checked_name(name: str) -> str:
    """Return the name if a collection may have it: it becomes part of paths."""
    if not NAME.fullmatch(name):
        message = f"a collection's name is 1 to 64 of a-z, 0-9, - and _; {printable(name)} is not"
        raise CommandError(message)
    return name


def refuse_memory(folder: Path) -> None:
    """Raise where documents are kept in memory only."""
    if str(folder) == MEMORY:
        message = f"{MEMORY} is not on the disk: such documents live in the server's process alone and end with it"
        raise CommandError(message)


def data_folder(folder: Path) -> Path:
    """Return the folder, or raise why it is not one of vecd's."""
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
    """Hold a folder that is only read, so that no server starts with it. A backup has no lock, and gets none."""
    if not (folder / LOCK_FILE).exists() or os.statvfs(folder).f_flag & os.ST_RDONLY:
        yield
        return
    with FolderLock(folder):
        yield


def find(folder: Path) -> Found:
    """Return what lies in a data folder or in a backup."""
    collections, strangers = {}, []
    for path in sorted((folder / COLLECTIONS).iterdir()):
        if path.name.startswith(DROPPED):
            continue  # the server removes it when it starts
        if NAME.fullmatch(path.name) and path.is_dir():
            collections[path.name] = path
        else:
            strangers.append(path.name)
    return Found(collections, tuple(strangers))


def database_of(folder: Path, name: str) -> Path:
    """Return the path of a collection's database, or raise which collections there are."""
    path = folder / COLLECTIONS / checked_name(name) / DATABASE_FILE
    if not path.is_file():
        there = find(folder).collections
        known = f"there are {', '.join(there)}" if there else "it has none"
        hint = "" if name == DEFAULT else " (the name is given with --collection)"
        message = f"{folder} has no collection {name!r}{hint}; {known}"
        raise CommandError(message)
    return path


def real(path: Path) -> Path:
    """Return a path without links in it."""
    try:
        return path.resolve()
    except RuntimeError as error:  # what pathlib says of links in a circle
        message = f"{path}: its links lead in a circle"
        raise CommandError(message) from error


def refuse_inside(target: Path, folder: Path) -> None:
    """Raise where something would be written into a data folder, which the server would not start with."""
    if real(target).is_relative_to(real(folder)):
        message = f"{target} lies inside the data folder {folder}, which is the server's alone; choose another place"
        raise CommandError(message)
