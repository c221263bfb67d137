"""`stats`: what a data folder holds, also while a server uses it. Counts documents and does not read them."""

import argparse
from pathlib import Path

import msgspec
from msgspec import UNSET

from index.commands.errors import CommandError
from index.commands.examination import unreadable
from index.commands.folders import add_collection, add_data, data_folder, databases_of
from index.commands.reading import ReadDatabase
from index.commands.terminal import Terminal, counted, shown
from index.documents.settings import Settings
from index.errors import IndexRoomError
from index.store import rows
from index.store.connections import READER_CACHE_KIB
from index.store.meta import read_meta
from index.store.queries import select, single
from index.store.settings_row import settings_in


class Stats(msgspec.Struct, frozen=True):
    """A collection. The newest snapshot has `viewed` rows; `fresh` vectors are new where a reindexing is under way.

    Other settings cut `stale` documents, or nothing did: `reindex` cuts them anew.
    """

    documents: int
    passages: int
    stale: int
    fingerprint: str | None
    ndim: int | None
    reindexing: str | None
    fresh: int
    database_bytes: int
    log_bytes: int
    view_bytes: int
    viewed: int
    settings: Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    add_collection(parser, None, "only this collection (default: all)")
    parser.add_argument("--json", action="store_true", help="answer one JSON object on stdout")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Return 1 where a collection cannot be read; the others are printed all the same."""
    folder = data_folder(options.data)
    databases = databases_of(folder, options.collection)
    known: dict[str, Stats] = {}
    failed: dict[str, str] = {}
    for name, database in databases.items():
        try:
            known[name] = read(database)
        except (CommandError, IndexRoomError) as error:
            failed[name] = str(error)
        except OSError as error:
            failed[name] = unreadable(error, database)
    if options.json:
        terminal.answer(msgspec.json.encode({"folder": shown(folder), "collections": known, "failed": failed}).decode())
    else:
        for name, stats in known.items():
            terminal.answer(line(name, stats))
        for name, message in failed.items():
            terminal.answer(f"{name}: {message}")
        if not databases:
            terminal.answer(f"{folder} holds no collections yet")
    return 1 if failed else 0


def read(database: Path) -> Stats:
    with ReadDatabase(database).reading(READER_CACHE_KIB) as connection:
        meta = read_meta(connection)
        newest = select(connection, "SELECT documents, size_bytes FROM snapshots ORDER BY number DESC LIMIT 1")
        viewed, view_bytes = newest[0] if newest else (0, 0)
        return Stats(
            documents=rows.count(connection),
            passages=rows.count(connection) + int(single(connection, "SELECT total(parts - 1) FROM passages")),
            stale=int(single(connection, "SELECT count(*) FROM stale")),
            fingerprint=meta.get("fingerprint"),
            ndim=meta.get("ndim"),
            reindexing=meta.get("reindexing"),
            fresh=int(single(connection, "SELECT count(*) FROM fresh")),
            database_bytes=size_of(database),
            log_bytes=size_of(database.with_name(f"{database.name}-wal")),
            view_bytes=view_bytes,
            viewed=viewed,
            settings=settings_in(meta),
        )


def size_of(path: Path) -> int:
    """Return a file's size, 0 where it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def line(name: str, stats: Stats) -> str:
    """Return the line to print about a collection."""
    parts = [
        counted(stats.documents, "document"),
        *([counted(stats.passages, "passage")] if stats.passages > stats.documents else []),
        *([f"{counted(stats.stale, 'document')} to be cut anew by reindex"] if stats.stale else []),
        f"{stats.ndim} dimensions" if stats.ndim else "no dimensions yet",
        f"model {stats.fingerprint}",
        f"database {(stats.database_bytes + stats.log_bytes) / 1e6:.1f} MB",
        f"newest snapshot of the view {stats.view_bytes / 1e6:.1f} MB with {counted(stats.viewed, 'row')}",
    ]
    parts += told(stats.settings)
    if stats.reindexing:
        parts.append(f"reindexing for {stats.reindexing}: {counted(stats.fresh, 'vector')} done")
    return f"{name}: {'; '.join(parts)}"


def told(settings: Settings) -> list[str]:
    """Return what to print about settings."""
    cut, least = settings.passages, settings.threshold
    parts = [
        f"passages of {cut.max_tokens} tokens that share {cut.overlap_tokens}" if cut else "no passages",
        f"words in {settings.language}" if settings.language else "words of no language",
    ]
    if least is UNSET:
        return [*parts, "threshold never set"]
    return [*parts, "no threshold" if least is None else f"threshold {least:g}"]
