"""`python -m server` serves; `python -m server keys` makes, lists, renews and revokes keys.

A command loads only what it needs: serving is imported after the settings are checked.
"""

import importlib
import os
import sys
from collections.abc import Callable

from server.contract.errors import ServerError
from server.settings import read_settings


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["keys"]:
        file = read_settings([]).keys
        importlib.import_module("server.access.key_commands").run(arguments[1:], file)
    else:
        settings = read_settings(arguments)
        # Read when numpy is loaded: threads of its linear algebra would take the cores from the model, and wait for
        # each other there, a second for what one does in 0.1.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        importlib.import_module("server.serving").serve(settings)


def run(command: Callable[[], None]) -> None:
    """Run a command; a ServerError ends the process with status 1 and a line on standard error."""
    try:
        command()
    except ServerError as error:
        print(f"vecd: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    run(lambda: main(sys.argv[1:]))
