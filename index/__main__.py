"""`python -m index COMMAND`: looks after a data folder, and brings documents into a running server and out again.

Only what a command needs is loaded, and for `--help` next to nothing.
"""

import argparse
import importlib
import io
import os
import signal
import sys
from typing import Never

from index.commands.errors import CommandError, UnexaminedError
from index.errors import IndexRoomError

COMMANDS = {  # by name: the module, and what it is for
    "doctor": ("doctor", "check a stopped data folder, and say what to do"),
    "stats": ("stats", "what a data folder holds, also one in use"),
    "backup": ("backup", "copy all collections, also while a server uses them"),
    "restore": ("restore", "put a backup into a stopped data folder"),
    "compact": ("compact", "give back the room that deleted documents have left in a stopped data folder"),
    "export": ("export", "write a collection's documents to NDJSON or Parquet, also while a server uses it"),
    "import": (
        "importing",
        "send folders, texts and tables to a running server; --watch keeps it up to date",
    ),
    "search": ("searching", "ask a running server, and see which document says what"),
    "reindex": ("reindex", "have a running server compute all vectors anew, after its model changed"),
}
DONE, FAILED, MISUSED, UNEXAMINED, INTERRUPTED, UNREAD = 0, 1, 2, 3, 130, 141  # exit statuses


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or given[0] not in COMMANDS:
        return explain(given)
    try:
        status = run_command(given[0], given[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # nobody reads the answer any more
        return UNREAD
    except (CommandError, IndexRoomError) as error:
        complain(given[0], str(error))
        return UNEXAMINED if isinstance(error, UnexaminedError) else FAILED
    except OSError as error:
        return complain(given[0], f"{error.filename or 'the output'}: {error.strerror}")
    except KeyboardInterrupt:
        complain(given[0], "interrupted")
        return INTERRUPTED
    return status


def run_command(name: str, arguments: list[str]) -> int:
    command = importlib.import_module(f"index.commands.{COMMANDS[name][0]}")
    terminal = importlib.import_module("index.commands.terminal").Terminal()
    parser = argparse.ArgumentParser(
        prog=f"python -m index {name}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    status: int = command.run(parser.parse_args(arguments), terminal)
    return status


def explain(given: list[str]) -> int:
    """Print which commands there are: as an answer where that was asked for, else as an error."""
    asked = bool(given) and given[0] in {"-h", "--help", "help"}
    out = sys.stdout if asked else sys.stderr
    if given and not asked:
        print(f"python -m index: there is no command {given[0]!r}", file=out)
    lines = [f"  {name:<10} {about}" for name, (_, about) in COMMANDS.items()]
    usage = ["usage: python -m index COMMAND ...", "", *lines, "", "python -m index COMMAND --help says more."]
    print("\n".join(usage), file=out)
    return DONE if asked else MISUSED


def complain(command: str, message: str) -> int:
    print(f"python -m index {command}: {message}", file=sys.stderr)
    return FAILED


def live() -> Never:
    """Be the process: SIGTERM cleans up as Ctrl-C does, and no letter is refused by the output's encoding."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    status = main()
    try:
        sys.stdout.flush()
    except OSError:  # what cannot be printed is dropped, or Python would try again at exit and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


if __name__ == "__main__":
    live()
