"""Snapshots of the view, so that a start need not build it: files that are checked whole before USearch sees a byte.

Temporary file, fsync, sha256, rename, fsync of the folder, row in the database: a file without a row never counts, and
a row whose file is gone or differs is passed over. The two newest are kept.
"""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec

from index.connections import Readers
from index.errors import StorageFullError
from index.rows import select
from index.view import View, ViewParameters
from index.writer import Changes, Writer

KEPT = 2
PIECE_BYTES = 1 << 20
PREFIX = "view-"


class Snapshots:
    """The snapshots of one collection. `rejected` says what was wrong with those that were not loaded.

    `saved` counts those written since the start.
    """

    def __init__(self, folder: Path, readers: Readers, writer: Writer, at: Callable[[str], None]) -> None:
        self._folder = folder
        self._readers = readers
        self._writer = writer
        self._at = at
        self.rejected: list[str] = []
        self.saved = 0

    def save(self, view: View, current: Callable[[View], bool]) -> None:
        """Write one, and forget those older than the two newest. Raises StorageFullError; nothing is lost then.

        It never counts if the view is not the current one any more when it is written: all vectors were exchanged.
        """
        name = f"{PREFIX}{secrets.token_hex(8)}.usearch"
        temporary, final = self._folder / f"{name}.tmp", self._folder / name
        try:
            view.write(temporary)
            self._at("in_save")
            synchronize(temporary)
            digest, size_bytes = digest_of(temporary), temporary.stat().st_size
            self._at("before_rename")
            temporary.rename(final)
            synchronize(self._folder)
        except (OSError, RuntimeError) as error:  # USearch says RuntimeError of a file that it cannot write
            discard(temporary)
            discard(final)
            raise StorageFullError(f"no snapshot can be written to {self._folder}: {error}") from error
        self._at("after_rename")
        parameters = msgspec.json.encode(view.parameters).decode()
        row = (name, digest, size_bytes, len(view), view.tombstones, parameters)
        self._at("before_row")
        try:
            self.saved += self._writer.submit(
                lambda connection, _: current(view) and record(connection, row), 0
            ).result()
        except BaseException:  # whatever it was, a file without a row never counts, and the truth needs its room
            discard(final)
            raise
        self.remove_strays()

    def load(self, parameters: ViewParameters) -> View | None:
        """Return the view of the newest snapshot that is whole and fits, if there is one."""
        self.rejected = []
        with self._readers.reading() as connection:
            rows = select(connection, "SELECT file, sha256, tombstones, parameters FROM snapshots ORDER BY number DESC")
        for name, digest, tombstones, written in rows:
            if written != msgspec.json.encode(parameters).decode():
                self.rejected.append(f"{name}: built with other parameters")
                continue
            try:
                content = (self._folder / name).read_bytes()
            except OSError as error:
                self.rejected.append(f"{name}: {error.strerror}")
                continue
            if hashlib.sha256(content).hexdigest() != digest:
                self.rejected.append(f"{name}: the sha256 differs")
                continue
            view = View(parameters, tombstones)
            view.read(content)
            return view
        return None

    def remove_strays(self) -> None:
        """Remove the files that no row names: older ones, and those of a save that was cut off."""
        with self._readers.reading() as connection:
            named = {name for (name,) in connection.execute("SELECT file FROM snapshots")}
        for path in self._folder.glob(f"{PREFIX}*"):
            if path.name not in named:
                discard(path)


def record(connection: apsw.Connection, row: tuple[str, str, int, int, int, str]) -> bool:
    """Name a snapshot, and forget all but the two newest."""
    connection.execute(
        "INSERT INTO snapshots (file, sha256, size_bytes, documents, tombstones, parameters) VALUES (?, ?, ?, ?, ?, ?)",
        row,
    )
    connection.execute(
        "DELETE FROM snapshots WHERE number NOT IN (SELECT number FROM snapshots ORDER BY number DESC LIMIT ?)", (KEPT,)
    )
    return True


def forget(connection: apsw.Connection, _: Changes) -> None:
    """Have no snapshot count any more: the vectors that they hold are not those of the database."""
    connection.execute("DELETE FROM snapshots")


def discard(path: Path) -> None:
    """Remove a file if that can be done."""
    with contextlib.suppress(OSError):
        path.unlink()


def synchronize(path: Path) -> None:
    """Have a file, or a folder's names, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest_of(path: Path) -> str:
    """Return a file's sha256."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
