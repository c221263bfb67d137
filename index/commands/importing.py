"""`import`: sends folders, texts and tables to a running server, which embeds and keeps them.

Each file is a document, of tables each row. Only what is new or has changed is sent, so the same command brings a
collection up to date, also after an interruption. Bad files are told by name, and the rest is sent.

python -m index import ~/notes --collection notes --create --prune --watch

Endings: .md .markdown .txt .html .htm .csv .tsv .ndjson .jsonl .json .parquet .pdf .docx; Parquet needs the extra
`parquet`, PDF and DOCX the extra `documents`. Hidden files and links to folders are passed over. Lines that `export`
wrote (id, text, metadata) arrive as they were, and go on where they stopped.
"""

import argparse
import contextlib
import importlib
import time
from collections.abc import Sequence
from pathlib import Path

from index.commands.address import add_server
from index.commands.client import Client
from index.commands.errors import CommandError
from index.commands.folders import add_collection
from index.commands.formats import ENDINGS, STREAM, add_format, form_of
from index.commands.imports.given import Source, sources_of
from index.commands.imports.own import import_own
from index.commands.imports.passes import Importer, Wanted
from index.commands.terminal import Terminal
from index.sources.reader import is_own
from index.sources.records import Reading, SourceError
from index.store.layout import DEFAULT_COLLECTION

DRY = "; this was a dry run: nothing was sent or deleted"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files and folders; - is stdin, as NDJSON")
    add_server(parser)
    add_collection(parser, DEFAULT_COLLECTION, "which collection (default: %(default)s)")
    parser.add_argument("--create", action="store_true", help="make the collection if it is not there")
    parser.add_argument("--prune", action="store_true", help="delete documents of these paths whose files are gone")
    parser.add_argument("--yes", action="store_true", help="delete without asking")
    parser.add_argument("--watch", action="store_true", help="go on, and import what changes, until Ctrl-C or SIGTERM")
    parser.add_argument("--dry-run", action="store_true", help="tell what would be sent and deleted, and do nothing")
    add_fields(parser)
    add_format(parser)
    parser.add_argument(
        "--resume-from",
        type=int,
        metavar="LINE",
        help="begin with this line, or row, of a file that was exported, whatever was done before",
    )


def add_fields(parser: argparse.ArgumentParser) -> None:
    fields = parser.add_argument_group("tables and texts")
    fields.add_argument("--id-field", metavar="NAME", help="the column with the ids (default: id, if there is one)")
    fields.add_argument(
        "--text-field", action="append", default=[], metavar="NAME", help="a column with texts; may be given again"
    )
    fields.add_argument("--vector-field", metavar="NAME", help="the column with vectors that the server's model made")
    fields.add_argument("--encoding", metavar="NAME", help="of texts and CSV (default: UTF-8)")
    fields.add_argument("--delimiter", metavar="LETTER", help="between the columns of CSV (default: guessed)")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Return 0 when everything is kept, 1 where something was refused or could not be done."""
    check(options)
    reading = reading_of(options)
    form = own_form(options, reading)
    if form is not None:
        return import_own(Path(options.paths[0]), form, options, terminal)
    if options.resume_from is not None:
        message = "--resume-from is for one file in the shape that export writes; all else goes on by itself"
        raise CommandError(message)
    wanted = Wanted(reading, options.prune, agreed(options, terminal), options.dry_run, options.watch)
    sources = sources_of(options.paths, options.format)
    with contextlib.closing(Client(options, terminal)) as client:
        if options.create and not options.dry_run:
            client.ask("PUT", "", b"{}")
        importer = Importer(client, terminal, wanted)
        if options.watch:
            return watch(sources, importer, terminal)
        return import_once(sources, importer, terminal, DRY if options.dry_run else "")


def check(options: argparse.Namespace) -> None:
    """Raise CommandError where what is asked for does not go together."""
    message = None
    if str(STREAM) in options.paths and len(options.paths) > 1:
        message = "- goes alone; import the other paths with a command of their own"
    elif str(STREAM) in options.paths and options.key_file == STREAM:
        message = "the documents and the key cannot both come from stdin; put the key into a file"
    elif options.watch and options.dry_run:
        message = "--watch and --dry-run do not go together: leave one of them out"
    elif options.resume_from is not None and options.resume_from < 1:
        message = f"--resume-from counts from 1; {options.resume_from} was given"
    if message is not None:
        raise CommandError(message)


def reading_of(options: argparse.Namespace) -> Reading:
    """Return how files are read."""
    return Reading(
        options.id_field, tuple(options.text_field), options.vector_field, options.encoding, options.delimiter
    )


def own_form(options: argparse.Namespace, reading: Reading) -> str | None:
    """Return the form of the only path where that is a file in the shape that `export` writes, else None."""
    file = Path(options.paths[0])
    if file == STREAM:
        form = form_of(file, options.format)
        if reading != Reading() or options.watch or options.prune or options.dry_run:
            message = "what comes from stdin is in the shape that export writes, and goes once; put it into a file"
            raise CommandError(message)
        return form
    asked = options.format or ENDINGS.get(file.suffix.lower())
    if len(options.paths) > 1 or reading != Reading() or options.watch or options.prune or options.dry_run:
        return None
    if asked is None or file.is_dir():
        return None
    return asked if not file.is_file() or has_own_shape(file, asked) else None


def has_own_shape(file: Path, form: str) -> bool:
    """Say whether a file is one that `export` wrote; one that cannot be read counts, since that way it is told why."""
    try:
        return is_own(file, form)
    except SourceError:
        return True


def agreed(options: argparse.Namespace, terminal: Terminal) -> bool:
    """Say whether documents may be deleted without a question; a watch asks once, at its beginning.

    Raises:
        CommandError: a watch shall delete, and nobody can be asked.
    """
    if options.yes or not (options.watch and options.prune):
        return bool(options.yes)
    answer = terminal.ask("delete documents whenever their files vanish, as long as this watches?")
    if answer is None:
        message = "--watch with --prune deletes without asking each time; say --yes too"
        raise CommandError(message)
    options.prune = answer
    return answer


def import_once(sources: Sequence[Source], importer: Importer, terminal: Terminal, end: str) -> int:
    """Make one pass, and print the summary."""
    begun_s = time.monotonic()
    tally = importer.all_of(sources)
    terminal.answer(tally.line(time.monotonic() - begun_s) + end)
    return tally.status


def watch(sources: Sequence[Source], importer: Importer, terminal: Terminal) -> int:
    """Make a pass after each change, until interrupted; prints a summary where something happened, and at the end."""
    begun_s, passes = time.monotonic(), 0

    def make_pass(waiting: Sequence[Source]) -> None:
        nonlocal passes
        at_s = time.monotonic()
        tally = importer.all_of(waiting)
        passes += 1
        if passes == 1 or not tally.is_quiet:
            terminal.answer(tally.line(time.monotonic() - at_s))

    try:
        importlib.import_module("index.commands.imports.watching").watch(sources, make_pass, terminal)
    except KeyboardInterrupt:
        terminal.answer(importer.total.line(time.monotonic() - begun_s))
    return 0
