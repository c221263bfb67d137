"""`export`: writes a collection's documents to NDJSON or Parquet, also while a server uses the folder.

All are of one commit, however long it takes and whatever is written meanwhile; what has expired is left out. The file
gets its name when it is whole. `import` brings the documents into any server; vectors are for other uses, since a
server computes its own.
"""

import argparse
import contextlib
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import apsw

from index.commands.damaged_log import lost_commits
from index.commands.errors import CommandError
from index.commands.folders import add_collection, add_data, data_folder, database_of, held, real, refuse_inside
from index.commands.formats import PARQUET, STREAM, add_format, form_of, load_parquet
from index.commands.read_only import read_only
from index.commands.reading import ReadDatabase, check_version, reading_errors
from index.commands.salvage import Documents
from index.commands.terminal import Terminal, counted
from index.commands.writers import DocumentWriter, LineWriter
from index.store import rows
from index.store.clock import Clock
from index.store.connections import READER_CACHE_KIB
from index.store.disk import Disk
from index.store.layout import DEFAULT_COLLECTION
from index.store.meta import read_meta


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="where to; - is stdout, as NDJSON")
    add_data(parser)
    add_collection(parser, DEFAULT_COLLECTION, "which collection (default: %(default)s)")
    add_format(parser)
    parser.add_argument("--vectors", action="store_true", help="with the vectors, as float32")
    parser.add_argument(
        "--skip-damaged", action="store_true", help="leave out what cannot be read, instead of stopping there"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Return 0 when all documents are written, 1 where damaged ones were left out."""
    folder, file = data_folder(options.data), options.file
    form = form_of(file, options.format)
    database = database_of(folder, options.collection)
    if file != STREAM:
        refuse_inside(file, folder)
    damaged = lost_commits(database) if options.skip_damaged else None
    with opened(database, damaged, folder) as connection, output(file) as out:
        ndim = dimensions(connection, database) if options.vectors else None
        writer: DocumentWriter = load_parquet().ParquetWriter(out, ndim) if form == PARQUET else LineWriter(out)
        documents = Documents(connection, ndim, options.skip_damaged, Clock().now_ms())
        written = 0
        with terminal.bar("export", rows.count(connection)) as bar:
            for found, vector in documents:
                writer.write(found, vector)
                written += 1
                bar.update()
        writer.finish()
    left_out = [*documents.skipped, *([damaged] if damaged else [])]
    for skipped in left_out:
        terminal.say(f"left out: {skipped}")
    terminal.say(f"{file}: {counted(written, 'document')} of the collection {options.collection!r}")
    return 1 if left_out else 0


@contextlib.contextmanager
def opened(database: Path, damaged: str | None, folder: Path) -> Iterator[apsw.Connection]:
    """Lend a connection that reads; where the log is damaged, one that leaves all signs of that as they are."""
    if damaged is None:
        with ReadDatabase(database).reading(READER_CACHE_KIB) as connection:
            yield connection
        return
    with held(folder), reading_errors(database), read_only(database) as connection:
        check_version(connection, database)
        yield connection


def dimensions(connection: apsw.Connection, database: Path) -> int:
    """Return how many numbers a vector has."""
    ndim = read_meta(connection).get("ndim")
    if not isinstance(ndim, int) or ndim < 1:
        message = f"{database} does not say how long its vectors are; see what `python -m index doctor` says"
        raise CommandError(message)
    return ndim


@contextlib.contextmanager
def output(file: Path) -> Iterator[BinaryIO]:
    """Lend the stream to write to; errors of writing raise CommandError."""
    try:
        if file == STREAM:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            with written(file) as out:
                yield out
    except BrokenPipeError:
        raise
    except OSError as error:
        message = f"{'stdout' if file == STREAM else file} cannot be written: {error.strerror or error}"
        raise CommandError(message) from error


@contextlib.contextmanager
def written(file: Path) -> Iterator[BinaryIO]:
    """Lend a file that takes the place of another when it is whole, or a device or a pipe as it is."""
    final = real(file)  # a link stays, and what it points to is exchanged
    if final.exists() and not final.is_file():
        with final.open("wb") as out:
            yield out
        return
    disk = Disk()
    temporary = final.with_name(f"{final.name}.partial-{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as out:
            yield out
        disk.synchronize(temporary)
        disk.rename(temporary, final)
        disk.synchronize(final.parent)
    except BaseException:  # whatever it was, half a file is none
        temporary.unlink(missing_ok=True)
        raise
