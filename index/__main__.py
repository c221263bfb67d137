"""`python -m index COMMAND`: looks after a data folder, and brings documents into a running server and out again."""

import argparse
import importlib
import io
import os
import signal
import sys
from types import ModuleType
from typing import Never

from index.commands.terminal import CommandError, Terminal
from index.errors import IndexRoomError

COMMANDS = {
    "doctor": ("doctor", "check a stopped data folder, and say what to do"),
    "stats": ("stats", "what a data folder holds, also one in use"),
    "backup": ("backup", "copy all collections, also while a server uses them"),
    "restore": ("restore", "put a backup into a stopped data folder"),
    "export": ("export", "write a collection's documents to NDJSON or Parquet, also while a server uses it"),
    "import": ("importing", "send documents from NDJSON or Parquet to a running server"),
    "reindex": ("reindex", "have a running server compute all vectors anew, after its model changed"),
}
WELL, WRONG, MISUSED, INTERRUPTED, UNREAD = 0, 1, 2, 130, 141


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or given[0] not in COMMANDS:
        return explain(given)
    command = importlib.import_module(f"index.commands.{COMMANDS[given[0]][0]}")
    try:
        status = perform(command, given)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the answer has left
        return UNREAD
    except (CommandError, IndexRoomError) as error:
        return tell(given[0], str(error))
    except OSError as error:
        return tell(given[0], f"{error.filename or 'the output'}: {error.strerror}")
    except KeyboardInterrupt:
        tell(given[0], "interrupted")
        return INTERRUPTED
    return status


def perform(command: ModuleType, given: list[str]) -> int:
    """Run one command."""
    name, about = given[0], command.__doc__ or ""
    parser = argparse.ArgumentParser(
        prog=f"python -m index {name}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    status: int = command.run(parser.parse_args(given[1:]), Terminal())
    return status


def explain(given: list[str]) -> int:
    """Say which commands there are."""
    asked = bool(given) and given[0] in {"-h", "--help", "help"}
    out = sys.stdout if asked else sys.stderr
    if given and not asked:
        print(f"python -m index: there is no command {given[0]!r}", file=out)
    lines = [f"  {name:<10} {about}" for name, (_, about) in COMMANDS.items()]
    usage = ["usage: python -m index COMMAND ...", "", *lines, "", "python -m index COMMAND --help says more."]
    print("\n".join(usage), file=out)
    return WELL if asked else MISUSED


def tell(command: str, message: str) -> int:
    """Say what went wrong."""
    print(f"python -m index {command}: {message}", file=sys.stderr)
    return WRONG


def live() -> Never:
    """Be the process: asked to end it cleans up as after Ctrl-C, and what it says never fails for a letter."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    status = main()
    try:
        sys.stdout.flush()
    except OSError:  # what cannot be printed any more goes nowhere, or Python would try again and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


if __name__ == "__main__":
    live()
