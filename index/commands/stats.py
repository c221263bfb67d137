"""`stats`: what a data folder holds, also while a server uses it. Reads counts, not contents."""

import argparse
from pathlib import Path

import msgspec

from index import rows
from index.collection import DATABASE_FILE
from index.commands.folders import add_collection, add_data, data_folder, database_of, find
from index.commands.reading import ReadDatabase
from index.commands.terminal import CommandError, Terminal, counted
from index.connections import READER_CACHE_KIB
from index.errors import IndexRoomError


class Stats(msgspec.Struct, frozen=True):
    """A collection. `viewed` is how many rows the newest snapshot of the view has, `fresh` how far a reindexing is."""

    documents: int
    fingerprint: str | None
    ndim: int | None
    reindexing: str | None
    fresh: int
    database_bytes: int
    log_bytes: int
    view_bytes: int
    viewed: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Ask for the folder."""
    add_data(parser)
    add_collection(parser, None, "only this collection (default: all)")
    parser.add_argument("--json", action="store_true", help="answer one JSON object on stdout")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Return 1 where a collection cannot be read; the others are told all the same."""
    folder = data_folder(options.data)
    if options.collection is None:
        databases = {name: path / DATABASE_FILE for name, path in find(folder).collections.items()}
    else:
        databases = {options.collection: database_of(folder, options.collection)}
    known: dict[str, Stats] = {}
    failed: dict[str, str] = {}
    for name, database in databases.items():
        try:
            known[name] = read(database)
        except (CommandError, IndexRoomError) as error:
            failed[name] = str(error)
    if options.json:
        terminal.answer(msgspec.json.encode({"folder": str(folder), "collections": known, "failed": failed}).decode())
    else:
        for name, stats in known.items():
            terminal.answer(line(name, stats))
        for name, message in failed.items():
            terminal.answer(f"{name}: {message}")
        if not databases:
            terminal.answer(f"{folder} holds no collections yet")
    return 1 if failed else 0


def read(database: Path) -> Stats:
    """Return what a database says of itself."""
    with ReadDatabase(database).reading(READER_CACHE_KIB) as connection:
        meta = rows.read_meta(connection)
        newest = rows.select(connection, "SELECT documents, size_bytes FROM snapshots ORDER BY number DESC LIMIT 1")
        viewed, view_bytes = newest[0] if newest else (0, 0)
        return Stats(
            documents=rows.count(connection),
            fingerprint=meta.get("fingerprint"),
            ndim=meta.get("ndim"),
            reindexing=meta.get("reindexing"),
            fresh=int(rows.single(connection, "SELECT count(*) FROM fresh")),
            database_bytes=size_of(database),
            log_bytes=size_of(database.with_name(f"{database.name}-wal")),
            view_bytes=view_bytes,
            viewed=viewed,
        )


def size_of(path: Path) -> int:
    """Return a file's size, none where it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def line(name: str, stats: Stats) -> str:
    """Return what there is to say of a collection."""
    told = [
        counted(stats.documents, "document"),
        f"{stats.ndim} dimensions" if stats.ndim else "no dimensions yet",
        f"model {stats.fingerprint}",
        f"database {(stats.database_bytes + stats.log_bytes) / 1e6:.1f} MB",
        f"newest snapshot of the view {stats.view_bytes / 1e6:.1f} MB with {counted(stats.viewed, 'row')}",
    ]
    if stats.reindexing:
        told.append(f"reindexing for {stats.reindexing}: {counted(stats.fresh, 'vector')} done")
    return f"{name}: {'; '.join(told)}"
