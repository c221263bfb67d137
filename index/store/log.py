"""Checks the write-ahead log that a killed process left, where SQLite would only stop reading.

SQLite takes a log up to the first frame whose checksum is wrong, and says nothing about what follows: after a kill
nothing follows. A commit that another frame follows there, or that the log's index in shared memory counts, was
acknowledged and is lost; unless that index counts exactly what is whole: then commits that the disk refused lie there.
Without the index these look like damage. An index from before the machine was started anew says nothing: of what is
mapped into memory any earlier state may be on the disk. The formats:
https://www.sqlite.org/fileformat2.html#walformat and https://www.sqlite.org/walformat.html.
"""

import functools
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.errors import DamagedError, UnreadableError
from index.store.lock import outlived_a_boot

HEADER_BYTES, FRAME_BYTES = 32, 24
MAGIC = 0x377F0682  # the lowest bit says that checksums are of big-endian words
INDEX = struct.Struct("=8xIBBHI12x8s2I48xI")  # of two equal headers the first, then how much was checkpointed
SUMMED_BYTES = 40
WORD = 2**32

Sums = tuple[int, int]
Matrix = tuple[Sums, Sums]


class Frame(msgspec.Struct, frozen=True):
    """Whether a frame belongs to the present round of the log, is whole, and ends a commit."""

    present: bool
    whole: bool
    commit: bool


class Counts(msgspec.Struct, frozen=True):
    """What the log's index counts: frames, those that are in the database already, and commits.

    No commits means that the index was made again from what could be read of the log, and knows no more than that.
    """

    frames: int
    checkpointed: int
    commits: int


def check_log(database: Path) -> None:
    """Raise DamagedError where committed work would vanish in silence if SQLite opened the database.

    Raises:
        UnreadableError: the log cannot be read, which says nothing about what is in it.
    """
    try:
        problems = examine_log(database)
    except OSError as error:
        raise UnreadableError(f"the write-ahead log of {database} cannot be read: {error.strerror}") from error
    if problems:
        raise DamagedError(
            f"{database}: {problems[0]}. Restore a backup with `python -m index restore`; or, to go on without what "
            f"was committed last, move {database.name}-wal and {database.name}-shm away"
        )


def examine_log(database: Path, folder: Path | None = None) -> list[str]:
    """Return what is wrong with the log of a database in a data folder, which is given where links are resolved.

    Raises OSError.
    """
    known = not outlived_a_boot(folder or database.absolute().parent.parent.parent)
    log = database.with_name(f"{database.name}-wal")
    if not log.is_file() or log.stat().st_size <= HEADER_BYTES:
        return missing(counts(database, None) if known else None, 0)
    with log.open("rb") as file:
        header = file.read(HEADER_BYTES)
        (magic,) = struct.unpack(">I", header[:4])
        stated = struct.unpack(">2I", header[24:])
        if magic & ~1 != MAGIC or added((0, 0), header[:24], order_of(magic)) != stated:
            return ["the write-ahead log's header is damaged: what was committed last cannot be read"]
        whole, acknowledged, broken, committed = 0, 0, False, False
        index = counts(database, header[16:24]) if known else None
        counted = index.frames if index is not None and index.commits else None
        for frame in frames(file, header):
            if committed and frame.present and counted != acknowledged:
                return [f"the write-ahead log is damaged after frame {whole}: commits that follow cannot be read"]
            broken |= not frame.whole
            committed |= broken and frame.commit
            whole += not broken
            acknowledged = whole if frame.commit and not broken else acknowledged
    return missing(index, whole)


def frames(file: BinaryIO, header: bytes) -> Iterator[Frame]:
    """Yield the frames that follow the header."""
    magic, _, page_bytes = struct.unpack(">3I", header[:12])
    order, salts, sums = order_of(magic), header[16:24], struct.unpack(">2I", header[24:])
    size = FRAME_BYTES + page_bytes
    while len(piece := file.read(size)) == size:
        if piece[8:16] != salts:
            yield Frame(present=False, whole=False, commit=False)
            continue
        sums = added(added(sums, piece[:8], order), piece[FRAME_BYTES:], order)
        yield Frame(present=True, whole=sums == struct.unpack(">2I", piece[16:24]), commit=piece[4:8] != bytes(4))


def missing(index: Counts | None, whole: int) -> list[str]:
    """Say what the log's index counts, if a killed process left one, and the log lacks."""
    if index is None or index.frames <= max(whole, index.checkpointed):
        return []
    return [f"the write-ahead log has {whole} of {index.frames} frames: what was committed last is lost"]


def counts(database: Path, salts: bytes | None) -> Counts | None:
    """Return what the log's index counts; None unless it is whole and of the log's present round."""
    index = database.with_name(f"{database.name}-shm")
    if not index.is_file():
        return None
    with index.open("rb") as file:
        content = file.read(INDEX.size)
    if len(content) < INDEX.size:
        return None
    commits, initialized, _, _, counted, salted, *sums, checkpointed = INDEX.unpack(content)
    known = initialized and added((0, 0), content[:SUMMED_BYTES], "=") == tuple(sums)
    return Counts(counted, checkpointed, commits) if known and salts in (None, salted) else None


def order_of(magic: int) -> str:
    """Return the byte order of a log's checksums."""
    return ">" if magic & 1 else "<"


def added(sums: Sums, content: bytes, order: str) -> Sums:
    """Return SQLite's running checksum after this content, whose length is a multiple of eight."""
    words = np.frombuffer(content, f"{order}u4").astype(np.uint32).reshape(-1, 2)
    weights, ((a, b), (c, d)) = weights_of(len(words))
    first, second = (weights * words).sum((1, 2), np.uint32).tolist()
    return (first + a * sums[0] + b * sums[1]) % WORD, (second + c * sums[0] + d * sums[1]) % WORD


@functools.cache
def weights_of(pairs: int) -> tuple[NDArray[np.uint32], Matrix]:
    """Return the weight of each word in each of the two sums (2, pairs, 2), and of the sums before.

    Two words (x, y) make (s, t) into (s + t + x, s + 2t + x + y), so earlier ones count by powers of a matrix.
    """
    weights = np.empty((2, pairs, 2), np.uint32)
    (a, b), (c, d) = (1, 0), (0, 1)
    for pair in reversed(range(pairs)):
        weights[:, pair] = ((a + b) % WORD, b), ((c + d) % WORD, d)
        (a, b), (c, d) = ((a + b) % WORD, (a + 2 * b) % WORD), ((c + d) % WORD, (c + 2 * d) % WORD)
    return weights, ((a, b), (c, d))
