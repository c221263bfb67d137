"""`python -m server keys add|list|rotate|revoke`: the keys of clients, in the file that --keys names.

A running server reads the file again on SIGHUP.
"""

import argparse
import datetime
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import msgspec

from server.access.key import Key, new_key, now_utc, with_new_secret
from server.access.key_file import changing, read_keys
from server.access.moments import moment_of, shown, span_of
from server.contract.errors import SettingsError
from server.contract.limits import COLLECTION_NAME
from server.web.key_scopes import KEY_SCOPES, KeyScope

EXPIRES = "refuse it from then on: a span such as 30d or 12h, or a day such as 2027-01-31, from its beginning in UTC"
COLLECTIONS = (
    "the only collections that it reaches, separated by commas; a name with a star, as customer-*, is a beginning"
)
# As the file of keys has it.
PATTERN = re.compile(rf"{COLLECTION_NAME}\*?")
RELOAD = "a running server reads the file again on SIGHUP"


def run(arguments: Sequence[str], file: Path) -> None:
    """Run the command, on `file` unless --keys names another.

    Raises:
        SettingsError: the file cannot be read or written, or there is no such scope, name, key or time.
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
    expires = moment_of(options.expires, now_utc()) if options.expires else None
    collections = None if options.collections is None else _patterns(options.collections)
    key, token = new_key(options.name, cast("list[KeyScope]", list(dict.fromkeys(scopes))), expires, collections)
    with changing(options.keys) as keys:
        keys.append(key)
    _say(token)
    _tell(f"Keep it: it is not shown again. From now on clients need a key; {RELOAD}.")


def _patterns(text: str) -> list[str]:
    """Return names of collections, and beginnings of names with a star.

    Raises:
        SettingsError: one of them is neither.
    """
    found = list(dict.fromkeys(one.strip() for one in text.split(",")))
    for one in found:
        if not PATTERN.fullmatch(one):
            message = (
                f"--collections: {one!r} is neither a collection's name, which has 1 to 64 of a-z, 0-9, - and _, nor "
                "the beginning of names with a star, as customer-*; a key made without --collections reaches all"
            )
            raise SettingsError(message)
    return found


def _rotate(options: argparse.Namespace) -> None:
    now, overlap = now_utc(), span_of(options.overlap)
    if overlap is None:
        message = f"{options.overlap!r} is no span such as 1h or 7d"
        raise SettingsError(message)
    ends = moment_of(options.overlap, now) if overlap else now
    with changing(options.keys) as keys:
        at = _find(keys, options)
        key = keys[at]
        if options.expires:
            key = msgspec.structs.replace(key, expires=moment_of(options.expires, now))
        if key.ended(now):
            message = f"the key {key.id} has ended; --expires says until when the new secret is valid"
            raise SettingsError(message)
        keys[at], token = with_new_secret(key, ends)
    _say(token)
    until = f"The old secret is valid until {shown(ends)} UTC" if overlap else "The old secret is valid no more"
    _tell(f"Keep it: it is not shown again. {until}; {RELOAD}.")


def _list(options: argparse.Namespace) -> None:
    now = now_utc()
    for key in read_keys(options.keys) or ():
        reached = "all" if key.collections is None else ",".join(key.collections)
        scopes, end = ",".join(key.scopes), _end(key, now)
        _say(f"{key.id}  {shown(key.created)}  {scopes:<24}  {reached:<12}  {end:<21}  {key.name}")


def _end(key: Key, now: datetime.datetime) -> str:
    """Return until when a key is valid, and until when the secret that it had before."""
    end = "no end" if key.expires is None else f"{'ended' if key.ended(now) else 'ends'} {shown(key.expires)}"
    if key.replaced is None or key.replaced.ends <= now:
        return end
    return f"{end}, old secret {shown(key.replaced.ends)}"


def _find(keys: Sequence[Key], options: argparse.Namespace) -> int:
    """Return the place of the key with this id, or else of the only one with this name.

    Raises:
        SettingsError: there is none, or several keys have the name.
    """
    found = [at for at, key in enumerate(keys) if key.id == options.key]
    found = found or [at for at, key in enumerate(keys) if key.name == options.key]
    if not found:
        message = f"{options.keys} has no key with the id or the name {options.key!r}"
        raise SettingsError(message)
    if len(found) > 1:
        ids = ", ".join(keys[at].id for at in found)
        message = f"several keys have the name {options.key!r}; their ids are {ids}"
        raise SettingsError(message)
    return found[0]


def _revoke(options: argparse.Namespace) -> None:
    with changing(options.keys) as keys:
        left = [key for key in keys if key.id != options.id]
        if len(left) == len(keys):
            message = f"{options.keys} has no key with the id {options.id!r}"
            raise SettingsError(message)
        keys[:] = left
    _tell(f"Revoked; {RELOAD}.")


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the command's answer


def _tell(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - beside the answer


def _parser(file: Path) -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--keys", type=Path, default=file, metavar="FILE", help="file of keys (default: %(default)s)")
    parser = argparse.ArgumentParser(prog="python -m server keys", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="add|list|rotate|revoke")
    add = commands.add_parser("add", parents=[shared], help="make a key and print it, once")
    add.add_argument("name", help="whose it is, for the list")
    add.add_argument("--scopes", default="embed,search", help=f"of {','.join(KEY_SCOPES)} (default: %(default)s)")
    add.add_argument("--collections", metavar="NAMES", help=COLLECTIONS)
    add.add_argument("--expires", metavar="TIME", help=EXPIRES)
    add.set_defaults(command=_add)
    listing = commands.add_parser(
        "list", parents=[shared], help="id, date, scopes, collections, end and name of each key"
    )
    listing.set_defaults(command=_list)
    rotate = commands.add_parser("rotate", parents=[shared], help="give a key a new secret and print it, once")
    rotate.add_argument("key", metavar="NAME", help="the key's name or id")
    rotate.add_argument(
        "--overlap", default="1h", metavar="SPAN", help="how long the old secret stays valid (default: %(default)s)"
    )
    rotate.add_argument("--expires", metavar="TIME", help=f"{EXPIRES}; without it, as before")
    rotate.set_defaults(command=_rotate)
    revoke = commands.add_parser("revoke", parents=[shared], help="take a key back")
    revoke.add_argument("id", help="the first part of the key after vecd_, as list shows it")
    revoke.set_defaults(command=_revoke)
    return parser
