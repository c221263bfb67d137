"""The file of keys, written whole and renamed into place; its content does not let its reader call anything.

A change is on the disk, with the file's name, before the command that made it ends: a power cut does not bring a key
back that was revoked.
"""

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from server.access.key import Key
from server.contract.errors import SettingsError

FORMAT = 1
OTHERS_FOLDER = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL)


class KeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: int
    keys: tuple[Key, ...]


def read_keys(path: Path) -> tuple[Key, ...] | None:
    """Return the keys of a file; None where there is no file.

    Raises:
        SettingsError: it cannot be read, or is no file of keys.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=KeyFile)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        message = f"{path} cannot be read as a file of keys: {error}"
        raise SettingsError(message) from error
    if found.format != FORMAT:
        message = f"{path} has format {found.format}; this version of vecd reads {FORMAT}"
        raise SettingsError(message)
    return found.keys


@contextmanager
def changing(path: Path) -> Iterator[list[Key]]:
    """Lock the file and give its keys to be changed; they are on the disk when the block has ended without an error.

    Raises:
        SettingsError: the file cannot be read or written.
    """
    try:
        _make_folder(path.parent)
        with path.with_name(path.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = list(read_keys(path) or ())
            yield keys
            _write(path, KeyFile(format=FORMAT, keys=tuple(keys)))
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        raise SettingsError(message) from error


def _make_folder(folder: Path) -> None:
    """Make a folder where it is not there, closed to others, and bring its name to the disk, whoever made it."""
    folder = folder.absolute()
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(0o700, exist_ok=True)
    folder.mkdir(exist_ok=True)  # which says what is wrong where a file is there
    for path in (folder, *folder.parents):
        if path.is_mount():
            return
        try:
            _sync(path.parent)
        except OSError as error:  # where we may not do that, we have not made it either
            if path in missing or error.errno not in OTHERS_FOLDER:
                raise


def _write(path: Path, content: KeyFile) -> None:
    # Only its owner can read a temporary file of this kind.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        try:
            file.write(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
            file.flush()
            os.fsync(file.fileno())
            if path.exists():  # the server must still be able to read it
                os.chown(file.fileno(), path.stat().st_uid, path.stat().st_gid)
            Path(file.name).replace(path)
        except BaseException:  # no half-written file stays
            Path(file.name).unlink(missing_ok=True)
            raise
    try:
        _sync(path.parent)
    except OSError as error:
        message = f"{path} is written, but a power cut may undo that: its folder cannot be synced, {error.strerror}"
        raise SettingsError(message) from error


def _sync(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
