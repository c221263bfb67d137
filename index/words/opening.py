"""Opens the index of words of a database: the one that the database names, where it is whole and of its documents."""

from pathlib import Path

import apsw
import msgspec
import numpy as np

from index.errors import StorageFullError
from index.store.meta import write_meta
from index.store.rows import highest_key, keys_up_to
from index.store.store import Store
from index.words.analysis import Analysis
from index.words.folder import named, new_name, problems_in, remove_strays
from index.words.postings import POSTINGS_ERRORS, Postings

DELETED_DOCUMENTS = 10_000  # so many, and as many as are there, may lie in an index, where they count in the scores


class Opened(msgspec.Struct, frozen=True, eq=False):
    """An index with the documents up to a key, and keys that are to be removed from it.

    `failure` says why it is kept in memory instead of in its folder.
    """

    postings: Postings
    last_key: int = 0
    removed: tuple[int, ...] = ()
    failure: str | None = None


def open_words(store: Store, folder: Path | None, analysis: Analysis) -> Opened:
    """Return the index that is there, or an empty one; whatever it lacks is read from the database."""
    if folder is None:
        return Opened(Postings(analysis, None))
    with store.readers.reading() as connection:
        name = named(connection)
        remove_strays(folder, name)
        found = None if name is None else existing(folder / name, analysis)
        opened = None if found is None else compared(connection, found)
    if opened is not None:
        return opened
    try:
        return empty(store, folder, analysis)
    except (StorageFullError, *POSTINGS_ERRORS) as error:
        return in_memory(folder, analysis, error)


def begun(store: Store, folder: Path | None, name: str, analysis: Analysis) -> Opened:
    """Return an empty index in a folder that the database names already; the writer's thread may call this."""
    if folder is None:
        return Opened(Postings(analysis, None))
    try:
        return made(store, folder, name, analysis)
    except (StorageFullError, *POSTINGS_ERRORS) as error:
        return in_memory(folder, analysis, error)


def in_memory(folder: Path, analysis: Analysis, error: Exception) -> Opened:
    return Opened(Postings(analysis, None), failure=f"words cannot be written to {folder}: {error}")


def existing(folder: Path, analysis: Analysis) -> Postings | None:
    """Return what the folder holds, or None where that is damaged or of another analysis."""
    try:
        if any(True for _ in problems_in(folder)):
            return None
        return Postings(analysis, folder)
    except BaseException as error:  # a panic of tantivy has no public type; everything else passes
        if is_damage(error):
            return None
        raise


def is_damage(error: BaseException) -> bool:
    """Say whether tantivy refuses what it reads, or meets what it never wrote: its panics are no Exceptions."""
    return isinstance(error, POSTINGS_ERRORS) or type(error).__name__ == "PanicException"


def compared(connection: apsw.Connection, postings: Postings) -> Opened | None:
    """Return the index with what differs from the database.

    None where it is another one's, or of documents gone, or has a document twice.
    """
    try:
        reading = postings.reading(0)
        last_key = reading.highest()
        there = keys_up_to(connection, last_key)
        whole = reading.has_just(there)
        inside = there if whole else reading.keys()
    except BaseException as error:  # a panic of tantivy has no public type; everything else passes
        if is_damage(error):
            return None
        raise
    if last_key > highest_key(connection) or reading.documents > 2 * len(inside) + DELETED_DOCUMENTS:
        return None
    if whole:
        return Opened(postings, last_key)
    if len(np.unique(inside)) < len(inside):
        return None
    lacking = np.setdiff1d(there, inside)
    if len(lacking):
        last_key = int(lacking[0]) - 1
    gone = np.concatenate([np.setdiff1d(inside, there), inside[inside > last_key]])
    return Opened(postings, last_key, tuple(np.unique(gone).tolist()))


def empty(store: Store, folder: Path, analysis: Analysis) -> Opened:
    """Return a new index, whose folder the database names before it is there."""
    name = new_name()
    store.writer.submit(lambda connection, _: write_meta(connection, words=name), 0).result()
    return made(store, folder, name, analysis)


def made(store: Store, folder: Path, name: str, analysis: Analysis) -> Opened:
    """Return an empty index in the folder that the database names, and remove every other one."""
    store.disk.make_folder(folder / name)
    opened = Opened(Postings(analysis, folder / name))
    remove_strays(folder, name)
    return opened
