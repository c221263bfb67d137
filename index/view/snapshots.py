"""Snapshots of the graph, so that a start need not build it: files that are checked whole before USearch sees a byte.

A file is USearch's without its vectors, followed by what belongs to it: which rows share a node, and how the graph is
searched. The vectors are the database's: what is deleted there lies in no snapshot either.
Temporary file, fsync, sha256, rename, fsync of the folder, row in the database: a file without a row never counts, and
a row whose file is gone or differs is passed over. The two newest are kept.
"""

import contextlib
import hashlib
import secrets
import struct
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec
import numpy as np

from index.errors import StorageFullError
from index.store.connections import Readers
from index.store.disk import Disk, digest_of, make_closed
from index.store.layout import SNAPSHOT
from index.store.queries import select
from index.store.writer import Writer
from index.view.captures import NONE, Capture, Keys
from index.view.graph import Graph, GraphParameters
from index.view.groups import Membership
from index.view.links import leave_vectors, with_vectors
from index.view.orphans import orphans_of
from index.view.vectors import Vectors

KEPT = 2
WITH_VECTORS = "WHERE json_extract(parameters, '$.file') IS NOT 'links'"
LENGTH = struct.Struct("<Q")  # the last bytes of a file: how many before them are not USearch's


class Company(msgspec.Struct, frozen=True):
    """What a snapshot holds beside the graph; keys and nodes are int64 in little-endian bytes."""

    width: int
    trusted: bool
    keys: bytes
    nodes: bytes
    unreached: bytes
    unchecked: bytes = b""  # of earlier versions: none
    orphans: bytes = b""  # the same


class Snapshots:
    """The snapshots of one collection. `rejected` says why some were not loaded, `saved` counts those written."""

    def __init__(self, folder: Path, readers: Readers, writer: Writer, disk: Disk) -> None:
        self._folder = folder
        self._readers = readers
        self._writer = writer
        self._disk = disk
        self.rejected: list[str] = []
        self.saved = 0

    def save(self, vectors: Vectors) -> Keys:
        """Write one, and remove those older than the two newest; return the nodes that hardly any other leads to.

        Raises StorageFullError; nothing is lost then. It does not count where the graph is no longer the current one by
        then, since all vectors were exchanged. Called by the thread that changes the graph.
        """
        graph, rows = vectors.graph, len(vectors) - vectors.pending
        name = f"{SNAPSHOT}{secrets.token_hex(8)}.usearch"
        temporary, final, whole = (self._folder / f"{name}{suffix}" for suffix in (".tmp", "", ".whole"))
        try:
            make_closed(whole)  # or USearch would have others read it
            graph.write(whole)
            leave_vectors(whole, temporary)
            self._disk.reach("in_save")
            whole.unlink()
            orphans = orphans_of(temporary)
            append_company(temporary, graph, vectors.membership(), orphans)
            self._disk.synchronize(temporary)
            digest, size_bytes = digest_of(temporary), temporary.stat().st_size
            self._disk.reach("before_rename")
            self._disk.rename(temporary, final)
            self._disk.synchronize(self._folder)
        except (OSError, RuntimeError) as error:  # USearch says RuntimeError of a file that it cannot write
            for path in (whole, temporary, final):
                self._disk.discard(path)
            raise StorageFullError(f"no snapshot can be written to {self._folder}: {error}") from error
        self._disk.reach("after_rename")
        parameters = msgspec.json.encode(graph.parameters).decode()
        row = (name, digest, size_bytes, rows, graph.tombstones, parameters)
        try:
            self._disk.reach("before_row")
            counts = self._writer.submit(
                lambda connection, _: graph is vectors.graph and record(connection, row), 0
            ).result()
        except BaseException:  # whatever it was, a file without a row never counts, and the truth needs its room
            self._disk.discard(final)
            raise
        self.remove_strays()
        self.saved += counts
        return orphans

    def load(
        self, parameters: GraphParameters, rows: Capture, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[Graph, Membership] | None:
        """Return the graph of the newest snapshot that is whole and fits, if there is one, and which rows it has.

        Its vectors are these rows'. None, too, soon after it is `stopped`.
        """
        self.rejected = []
        with self._readers.reading() as connection:
            known = select(
                connection, "SELECT file, sha256, tombstones, parameters FROM snapshots ORDER BY number DESC"
            )
        for name, digest, tombstones, written in known:
            if written != msgspec.json.encode(parameters).decode():
                self.rejected.append(f"{name}: built with other parameters, or by another version")
                continue
            try:
                self._disk.reach("before_load")
                content = (self._folder / name).read_bytes()
            except OSError as error:
                self.rejected.append(f"{name}: {error.strerror}")
                continue
            if hashlib.sha256(content).hexdigest() != digest:
                self.rejected.append(f"{name}: the sha256 differs")
                continue
            if stopped():
                return None
            graph = Graph(parameters, tombstones)
            try:
                return graph, read(graph, content, rows)
            except RuntimeError as error:  # the file was not whole when its sha256 was taken
                self.rejected.append(f"{name}: {error}")
        return None

    def forget_vectors(self) -> None:
        """Have snapshots of earlier versions, which hold vectors, count no more. Raises StorageFullError."""
        with self._readers.reading() as connection:
            if not select(connection, f"SELECT 1 FROM snapshots {WITH_VECTORS} LIMIT 1"):  # noqa: S608
                return
        statement = f"DELETE FROM snapshots {WITH_VECTORS}"  # noqa: S608
        self._writer.submit(lambda connection, _: connection.execute(statement), 0).result()

    def remove_strays(self) -> None:
        """Remove the files that no row names: older ones, and those of a save that was cut off."""
        with self._readers.reading() as connection:
            named = {name for (name,) in connection.execute("SELECT file FROM snapshots")}
        with contextlib.suppress(OSError):  # they take room until the next time
            for path in self._folder.glob(f"{SNAPSHOT}*"):
                if path.name not in named:
                    self._disk.discard(path)


def append_company(path: Path, graph: Graph, membership: Membership, orphans: Keys = NONE) -> None:
    """Write what belongs to a graph behind it. Raises OSError."""
    sought = np.union1d(graph.rescued(), orphans)
    arrays = (membership.keys, membership.nodes, membership.unreached, graph.unchecked.all(), sought)
    company = Company(graph.width, graph.trusted, *(array.astype("<i8").tobytes() for array in arrays))
    encoded = msgspec.msgpack.encode(company)
    with path.open("ab") as file:
        file.write(encoded)
        file.write(LENGTH.pack(len(encoded)))


def read(graph: Graph, content: bytes, rows: Capture) -> Membership:
    """Fill a graph from a snapshot's bytes, which must be what was written: nothing is checked."""
    (length,) = LENGTH.unpack(content[-LENGTH.size :])
    end = len(content) - LENGTH.size
    company = msgspec.msgpack.decode(content[end - length : end], type=Company)
    arrays = (company.keys, company.nodes, company.unreached)
    membership = Membership(*(np.frombuffer(array, "<i8").astype(np.int64) for array in arrays))
    graph.read(with_vectors(memoryview(content)[: end - length], rows, membership))
    graph.widen(company.width)
    graph.trusted = company.trusted
    graph.unchecked.add(np.frombuffer(company.unchecked, "<i8").astype(np.int64))
    graph.orphans.add(np.frombuffer(company.orphans, "<i8").astype(np.int64))
    return membership


def record(connection: apsw.Connection, row: tuple[str, str, int, int, int, str]) -> bool:
    """Name a snapshot, and forget all but the two newest, and those that were built with other parameters."""
    connection.execute(
        "INSERT INTO snapshots (file, sha256, size_bytes, documents, tombstones, parameters) VALUES (?, ?, ?, ?, ?, ?)",
        row,
    )
    connection.execute(
        "DELETE FROM snapshots WHERE parameters IS NOT ? "
        "OR number NOT IN (SELECT number FROM snapshots ORDER BY number DESC LIMIT ?)",
        (row[-1], KEPT),
    )
    return True
