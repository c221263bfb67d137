"""`python -m server` serves; `python -m server keys` makes, lists and revokes keys.

What a command does not need it does not load: serving is imported once the settings are known to be good.
"""

import importlib
import sys
from collections.abc import Callable

from server.contract.errors import ServerError
from server.settings import read_settings


def main(arguments: list[str]) -> None:
    """Do what the command line and the environment say."""
    if arguments[:1] == ["keys"]:
        file = read_settings([]).keys
        importlib.import_module("server.access.key_commands").run(arguments[1:], file)
    else:
        settings = read_settings(arguments)
        importlib.import_module("server.serving").serve(settings)


def run(command: Callable[[], None]) -> None:
    """Run a command; an error of ours ends the process with 1 and a line on standard error."""
    try:
        command()
    except ServerError as error:
        print(f"vecd: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    run(lambda: main(sys.argv[1:]))
