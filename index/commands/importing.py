"""`import`: sends documents from NDJSON or Parquet to a running server, which embeds and keeps them.

A document takes the place of the one that has its id. Lines that the server refuses are printed with the reason, and
the rest are sent. After an interruption the same command continues where it stopped; a line sent twice harms nothing.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from index.commands.address import add_server
from index.commands.client import Client
from index.commands.errors import CommandError
from index.commands.folders import add_collection
from index.commands.formats import PARQUET, STREAM, add_format, form_of, load_parquet
from index.commands.lines import Line, pieces
from index.commands.ndjson import LineSource
from index.commands.resuming import Resuming
from index.commands.sending import Sender
from index.commands.terminal import Terminal, counted
from index.store.layout import DEFAULT_COLLECTION


class Source(Protocol):
    """Where documents come from. The weights of all lines add up to `total`, in `unit`."""

    unit: str
    total: int | None
    ignored: set[str]

    def lines(self, done: int) -> Iterator[Line]:
        """Yield the lines after those that are done."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="documents; - is stdin, as NDJSON")
    add_server(parser)
    add_collection(parser, DEFAULT_COLLECTION, "which collection (default: %(default)s)")
    parser.add_argument("--create", action="store_true", help="make the collection if it is not there")
    add_format(parser)
    parser.add_argument(
        "--resume-from", type=int, metavar="LINE", help="begin with this line, or row, whatever was done before"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Return 0 when every line is kept, 1 where some were refused."""
    file: Path = options.file
    form = form_of(file, options.format)
    if file == STREAM and options.key_file == STREAM:
        message = "the documents and the key cannot both come from stdin; put the key into a file"
        raise CommandError(message)
    with contextlib.closing(Client(options, terminal)) as client, opened(file, form) as source:
        resuming = Resuming(None if file == STREAM else file, f"{client.url} {client.name}", terminal)
        if options.resume_from is None:
            resuming.find()
        elif options.resume_from < 1:
            message = f"--resume-from counts from 1; {options.resume_from} was given"
            raise CommandError(message)
        else:
            resuming.skip_to(options.resume_from)
        if options.create:
            client.ask("PUT", "", b"{}")
        send(source, client, resuming, terminal)
        done = resuming.progress
        resuming.finish()
    cut = f", {counted(done.truncated, 'text')} cut to what the model reads" if done.truncated else ""
    terminal.answer(f"{counted(done.indexed, 'document')} indexed, {counted(done.refused, 'line')} refused{cut}")
    return 1 if done.refused else 0


def send(source: Source, client: Client, resuming: Resuming, terminal: Terminal) -> None:
    """Send all lines that are not done yet; print how far it came where it is interrupted."""
    sender, warned = Sender(client, terminal, resuming.progress), False
    try:
        with terminal.bar("import", source.total, source.unit) as bar:
            for piece in pieces(source.lines(resuming.progress.line)):
                if source.ignored and not warned:
                    terminal.say(f"left out, since a server has no use for it: {', '.join(sorted(source.ignored))}")
                    warned = True
                sender.send(piece)
                resuming.advance(
                    piece[-1].number, indexed=sender.indexed, refused=sender.refused, truncated=sender.truncated
                )
                bar.update(sum(line.weight for line in piece))
    except BaseException:  # whatever it was, how far it came matters
        if resuming.progress.line:
            terminal.say(f"stopped; everything up to line {resuming.progress.line:,} is done")
        raise


@contextlib.contextmanager
def opened(file: Path, form: str) -> Iterator[Source]:
    if form == PARQUET:
        yield load_parquet().TableSource(file)
    elif file == STREAM:
        yield LineSource(sys.stdin.buffer, None)
    else:
        with file.open("rb") as stream:
            yield LineSource(stream, file.stat().st_size)
