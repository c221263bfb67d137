"""`python -m server keys add|list|revoke`: the keys of clients, in the file that --keys names.

A running server reads the file again on SIGHUP.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from server.access.key import new_key
from server.access.key_file import changing, read_keys
from server.contract.errors import SettingsError
from server.web.key_scopes import KEY_SCOPES, KeyScope

RELOAD = "a running server reads the file again on SIGHUP"


def run(arguments: Sequence[str], file: Path) -> None:
    """Run the command, on `file` unless --keys names another.

    Raises:
        SettingsError: the file cannot be read or written, or there is no such scope or key.
    """
    options = _parser(file).parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = options.command
    command(options)


def _add(options: argparse.Namespace) -> None:
    scopes = [scope.strip() for scope in options.scopes.split(",")]
    if unknown := sorted(set(scopes) - set(KEY_SCOPES)):
        message = f"there is no scope {', '.join(map(repr, unknown))}; there are {', '.join(KEY_SCOPES)}"
        raise SettingsError(message)
    if not options.name.isprintable():
        message = "the name holds characters that cannot be printed"
        raise SettingsError(message)
    key, shown = new_key(options.name, cast("list[KeyScope]", list(dict.fromkeys(scopes))))
    with changing(options.keys) as keys:
        keys.append(key)
    _say(shown)
    print(f"Keep it: it is not shown again. From now on clients need a key; {RELOAD}.", file=sys.stderr)  # noqa: T201


def _list(options: argparse.Namespace) -> None:
    for key in read_keys(options.keys) or ():
        _say(f"{key.id}  {key.created:%Y-%m-%d %H:%M}  {','.join(key.scopes):<24}  {key.name}")


def _revoke(options: argparse.Namespace) -> None:
    with changing(options.keys) as keys:
        left = [key for key in keys if key.id != options.id]
        if len(left) == len(keys):
            message = f"{options.keys} has no key with the id {options.id!r}"
            raise SettingsError(message)
        keys[:] = left
    print(f"Revoked; {RELOAD}.", file=sys.stderr)  # noqa: T201


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the command's answer


def _parser(file: Path) -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--keys", type=Path, default=file, metavar="FILE", help="file of keys (default: %(default)s)")
    parser = argparse.ArgumentParser(prog="python -m server keys", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="add|list|revoke")
    add = commands.add_parser("add", parents=[shared], help="make a key and print it, once")
    add.add_argument("name", help="whose it is, for the list")
    add.add_argument("--scopes", default="embed,search", help=f"of {','.join(KEY_SCOPES)} (default: %(default)s)")
    add.set_defaults(command=_add)
    listing = commands.add_parser("list", parents=[shared], help="id, date, scopes and name of every key")
    listing.set_defaults(command=_list)
    revoke = commands.add_parser("revoke", parents=[shared], help="take a key back")
    revoke.add_argument("id", help="the first part of the key after vecd_, as list shows it")
    revoke.set_defaults(command=_revoke)
    return parser
