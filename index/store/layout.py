"""What lies where in a data folder, and the names that collections may have.

FOLDER/lock, FOLDER/collections/NAME/documents.sqlite, and beside it snapshots of the view, view-*.usearch, and the
folder of the words' index, words-*. Dropping a collection renames its folder to .leaving-NAME.*, and once nothing can
fail any more to .dropped-*, which either has happened or not.
"""

import re
from pathlib import Path

import msgspec

from index.errors import CollectionNameError

COLLECTIONS = "collections"
DATABASE_FILE = "documents.sqlite"
LOCK_FILE = "lock"
DROPPED, LEAVING = ".dropped-", ".leaving-"
SNAPSHOT = "view-"
WORDS_FOLDER = "words-"

DEFAULT_COLLECTION = "default"
COLLECTION_NAME = "[a-z0-9_-]{1,64}"  # as a regular expression, which the whole name matches
MAX_COLLECTIONS = 256


class Contents(msgspec.Struct, frozen=True):
    """What lies among the collections: theirs by name, what is left of dropped ones, and what is not vecd's.

    One whose drop was not completed is the collection of its name, wherever it lies.
    """

    collections: dict[str, Path]
    dropped: tuple[Path, ...]
    strangers: tuple[Path, ...]


def contents_of(folder: Path) -> Contents:
    """Return what a data folder or a backup holds, changing nothing. Raises OSError."""
    collections: dict[str, Path] = {}
    dropped, strangers = [], []
    for path in sorted((folder / COLLECTIONS).iterdir()):
        if path.name.startswith(DROPPED):
            dropped.append(path)
        elif name := name_leaving(path):
            if name in collections:
                dropped.append(collections[name])
            collections[name] = path
        elif path.name in collections:
            dropped.append(path)
        elif is_collection_name(path.name) and path.is_dir():
            collections[path.name] = path
        else:
            strangers.append(path)
    return Contents(collections, tuple(dropped), tuple(strangers))


def name_leaving(path: Path) -> str | None:
    """Return the name of the collection whose folder was on its way out, or None where it was none."""
    name, dot, _ = path.name.removeprefix(LEAVING).partition(".")
    return name if path.name.startswith(LEAVING) and dot and is_collection_name(name) else None


def is_collection_name(name: str) -> bool:
    return re.fullmatch(COLLECTION_NAME, name) is not None


def check_collection_name(name: str) -> str:
    """Return the name, which becomes part of paths, or raise CollectionNameError."""
    if not is_collection_name(name):
        raise CollectionNameError(f"a collection's name is 1 to 64 of a-z, 0-9, - and _; {name[:80]!r} is not")
    return name
