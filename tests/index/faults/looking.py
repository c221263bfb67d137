"""Looks at what a case has left, in a process of its own that nothing fails in."""

import random
from pathlib import Path

import msgspec

from index import Index
from server.access.key_file import read_keys
from tests.index.faults.acts import COPIED
from tests.index.faults.commands import KEYS
from tests.index.faults.orders import Orders
from tests.index.torture.inspection import Inspection, inspect, inspect_backup
from tests.index.torture.operations import DEFAULT, Contents, State
from tests.index.vectors import NDIM


class Found(msgspec.Struct):
    """`refused` is why the start was refused. `settings` are the default collection's, `keys` the file's."""

    state: State
    problems: list[str] = []
    searches: int = 0
    missed: int = 0
    refused: str = ""
    settings: str = ""
    keys: list[tuple[str, str]] = []
    backup: State | None = None


def look(orders: Orders) -> None:
    """Write what is found to the log's file."""
    Path(orders.log).write_bytes(msgspec.json.encode(found_in(Path(orders.folder), orders)))


def found_in(folder: Path, orders: Orders) -> Found:
    if (folder / f"{KEYS}.lock").exists():
        return Found({DEFAULT: Contents(0, {})}, keys=[(key.id, key.sha256) for key in read_keys(folder / KEYS) or ()])
    try:
        left = inspect(folder / "data", orders.model, random.Random(1))
    except Exception as error:  # noqa: BLE001 - whatever refuses the start is what is looked for
        return Found({}, refused=f"{type(error).__name__}: {error}")
    found = Found(left.state, left.problems, left.searches, left.missed)
    if orders.settings:
        found.settings = settings_of(folder, orders)
    if (folder / COPIED).exists():
        take_backup(found, inspect_backup(folder / COPIED, orders.model, random.Random(1)))
    return found


def settings_of(folder: Path, orders: Orders) -> str:
    index = Index(folder / "data", orders.model.fingerprint, NDIM, orders.model.variant)
    try:
        return msgspec.json.encode(index.collection().settings).decode()
    finally:
        index.close()


def take_backup(found: Found, backup: Inspection) -> None:
    found.backup = backup.state
    found.problems += [f"backup: {problem}" for problem in backup.problems]
