"""Files of the server's that every user of the machine may read: told at the start, and left as they are."""

import shlex
import stat
from pathlib import Path

from server.settings import MEMORY, Settings

COLLECTIONS = "collections"
OTHERS = stat.S_IROTH | stat.S_IXOTH
READING = stat.S_IROTH


def exposures(settings: Settings) -> tuple[str, ...]:
    """Return a line for each: what is open to everybody, and the command that closes it."""
    found = []
    data = settings.data
    if data != MEMORY and is_open(data, OTHERS) and is_open(data / COLLECTIONS, OTHERS) and is_reachable(data):
        found.append(told("the documents are", f"-R go-rwx {shlex.quote(str(data))}"))
    keys = (("the file of keys is", settings.keys), ("the private key of TLS is", Path(settings.tls_key or "")))
    found += [
        told(what, f"go-rwx {shlex.quote(str(path))}")
        for what, path in keys
        if path.is_file() and is_open(path, READING) and is_reachable(path)
    ]
    return tuple(found)


def told(what: str, close: str) -> str:
    return f"{what} open to every user of this machine: chmod {close}"


def is_reachable(path: Path) -> bool:
    """Say whether others may go through all folders above a file or folder."""
    return all(is_open(folder, stat.S_IXOTH) for folder in path.resolve().parents)


def is_open(path: Path, mode: int) -> bool:
    """Say whether others may do any of this with a file or folder; one that is not there is not open."""
    try:
        return bool(path.stat().st_mode & mode)
    except OSError:
        return False
