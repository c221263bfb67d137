"""Files in the shape that `export` writes: line by line, and after an interruption from where it stopped."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from index.commands.client import Client
from index.commands.errors import CommandError
from index.commands.formats import PARQUET, STREAM, load_parquet
from index.commands.lines import Line, Refused, pieces
from index.commands.ndjson import LineSource
from index.commands.resuming import Resuming
from index.commands.sending import Sender
from index.commands.terminal import Terminal, counted, plain

HOPELESS_LINES = 1_000


class LinesOf(Protocol):
    """Where documents come from. The weights of all lines add up to `total`, in `unit`."""

    unit: str
    total: int | None
    ignored: set[str]

    def lines(self, done: int) -> Iterator[Line]:
        """Yield the lines after those that are done."""


def import_own(file: Path, form: str, options: argparse.Namespace, terminal: Terminal) -> int:
    """Return 0 when every line is kept, 1 where some were refused."""
    with contextlib.closing(Client(options, terminal)) as client, opened(file, form) as source:
        resuming = Resuming(None if file == STREAM else file, f"{client.url} {client.name}", terminal)
        if options.resume_from is None:
            resuming.find()
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


def send(source: LinesOf, client: Client, resuming: Resuming, terminal: Terminal) -> None:
    """Send all lines that are not done yet; print how far it came where it is interrupted."""

    def tell(line: Line, why: Refused) -> None:
        terminal.answer(f"line {line.number}: {why.status} {plain(why.detail)}")

    sender, warned = Sender(client, tell, resuming.progress), False
    try:
        with terminal.bar("import", source.total, source.unit) as bar:
            for piece in pieces(source.lines(resuming.progress.line)):
                if source.ignored and not warned:
                    terminal.say(f"left out, since a server has no use for it: {', '.join(sorted(source.ignored))}")
                    warned = True
                sender.send(piece)
                refuse_hopeless(sender)
                resuming.advance(
                    piece[-1].number, indexed=sender.indexed, refused=sender.refused, truncated=sender.truncated
                )
                bar.update(sum(line.weight for line in piece))
    except BaseException:  # whatever it was, how far it came matters
        if resuming.progress.line:
            terminal.say(f"stopped; everything up to line {resuming.progress.line:,} is done")
        raise


def refuse_hopeless(sender: Sender[Line]) -> None:
    """Raise CommandError where line after line was refused, and nothing else."""
    if not sender.indexed and sender.refused >= HOPELESS_LINES:
        message = f"the first {sender.refused:,} lines were refused, all of them; is this a file of documents?"
        raise CommandError(message)


@contextlib.contextmanager
def opened(file: Path, form: str) -> Iterator[LinesOf]:
    if form == PARQUET:
        yield load_parquet().TableSource(file)
    elif file == STREAM:
        yield LineSource(sys.stdin.buffer, None)
    else:
        with file.open("rb") as stream:
            yield LineSource(stream, file.stat().st_size)
