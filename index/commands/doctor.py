"""`doctor`: looks at every collection of a stopped data folder, and says of each that it is well, or what to do.

Reads everything: the log, SQLite's structures, every checksum, every vector's length, the view's files. Mends nothing;
the only file that it writes is the folder's lock. Ends with status 1 where something is damaged, with 3 where nothing
is known to be but not all could be looked at.
"""

import argparse
from pathlib import Path

import msgspec

from index.commands.errors import CommandError, UnexaminedError
from index.commands.examination import Examined, examine, unreadable
from index.commands.folders import add_data, data_folder, held
from index.commands.terminal import Terminal, counted, shown
from index.errors import IndexRoomError
from index.store.checks import printable
from index.store.layout import COLLECTIONS, DATABASE_FILE, Contents, contents_of

SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="the data folder, instead of --data")
    add_data(parser)
    parser.add_argument("--json", action="store_true", help="answer one JSON object on stdout")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Return 0 where all is well, 1 where something is damaged, 3 where something could not be looked at."""
    folder = data_folder(options.folder or options.data)
    try:
        with held(folder):
            found = contents_of(folder)
            examined = examine_all(found, terminal)
    except IndexRoomError as error:
        raise UnexaminedError(str(error)) from error
    except OSError as error:
        raise UnexaminedError(unreadable(error, folder)) from error
    strangers = [path.name for path in found.strangers]
    if options.json:
        answer = {"folder": shown(folder), "collections": examined, "strangers": strangers}
        terminal.answer(msgspec.json.encode(answer).decode())
    else:
        for line in lines(folder, examined):
            terminal.answer(line)
        for stranger in strangers:
            terminal.answer(
                f"{printable(stranger)}: no collection of vecd; the server does not start until it is moved away "
                f"from {folder / COLLECTIONS}"
            )
    if strangers or any(one.damaged for one in examined.values()):
        return 1
    return 0 if all(one.ok for one in examined.values()) else 3


def examine_all(found: Contents, terminal: Terminal) -> dict[str, Examined]:
    examined: dict[str, Examined] = {}
    with terminal.bar("doctor", len(found.collections), " collections") as bar:
        for name, path in found.collections.items():
            examined[name] = examine(path / DATABASE_FILE)
            bar.update()
    return examined


def lines(folder: Path, examined: dict[str, Examined]) -> list[str]:
    """Return the lines to print about all collections."""
    if not examined:
        return [f"{folder} holds no collections yet: nothing to look at"]
    printed = []
    for name, one in examined.items():
        if one.ok:
            printed.append(f"{name}: well; {counted(one.documents or 0, 'document')}, model {one.fingerprint}")
            continue
        state = "newer" if one.newer else "damaged" if one.damaged else "could not be examined"
        printed.append(f"{name}: {state}")
        every = one.problems + one.view_problems + ((one.unexamined,) if one.unexamined else ())
        printed += [f"  {problem}" for problem in every[:SHOWN]]
        if len(every) > SHOWN:
            printed.append(f"  and {len(every) - SHOWN} more (--json shows up to a hundred)")
        printed.append(f"  what to do: {advice(folder, name, one)}")
    return printed


def advice(folder: Path, name: str, one: Examined) -> str:
    if one.newer:
        return "use the newer vecd"
    if not one.damaged:
        return "nothing is known to be damaged; see to what is in the way, and run doctor again"
    if not one.problems:
        return "nothing is lost; start the server, which builds the view anew from the documents. Look at the disk"
    place = f"--data {folder} --collection {name}"
    restore = f"restore a backup: python -m index restore BACKUP {place} --replace"
    salvage = f"save what can be read: python -m index export saved.ndjson {place} --skip-damaged"
    away = f"then move {folder / COLLECTIONS / name} away, start the server and import the file"
    return f"look at the disk; {restore}. Without a backup, {salvage}, {away}"


def require(examined: Examined, what: str, todo: str) -> None:
    """Raise CommandError unless all is well with what is named; UnexaminedError where it may be."""
    if examined.unexamined and not examined.damaged:
        message = f"{what} could not be examined: {examined.unexamined}; nothing is known to be damaged"
        raise UnexaminedError(message)
    if not examined.ok:
        more = len(examined.problems) - 1
        rest = f" (and {more} more)" if more > 0 else ""
        message = f"{what} is damaged: {(examined.problems + examined.view_problems)[0]}{rest}; {todo}"
        raise CommandError(message)
