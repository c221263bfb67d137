"""What the watched calls did, in the order of their effect, and how many of them there were."""

import itertools
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec

CALLS = (
    *("open", "read", "write", "sync", "truncate", "rename", "link"),
    *("unlink", "mkdir", "rmdir", "mmap", "list", "mark"),
)
CREATED, TRUNCATED, DATA_ONLY = 1, 2, 4
HEADER = struct.Struct("<BBHH2xI4x4Q")
REPORT = struct.Struct(f"<{len(CALLS)}QQQ256s")


class Record(msgspec.Struct, frozen=True):
    """A call that succeeded. Calls that change nothing (read, list, to open for reading alone) leave none.

    `path` is absolute, `other` the new name of a rename or a link. `inode` stays through renames. `flags` says CREATED
    and TRUNCATED of an open, DATA_ONLY of a sync that leaves out what reading does not need. `size` is that of the file
    after a truncate, and how much of it is mapped for writing after a mmap, whose stores are not seen. The text of a
    mark is its `data`. `folder` says that the call was about a folder.
    """

    call: str
    path: str = ""
    other: str = ""
    inode: int = 0
    offset: int = 0
    data: bytes = b""
    size: int = 0
    flags: int = 0
    folder: bool = False


class Report(msgspec.Struct, frozen=True):
    """From `arm` to `disarm`: how many calls of each name there were, how many that may fail, how many that did."""

    seen: dict[str, int]
    counted: int
    failed: int
    first: str


def read_records(path: Path) -> list[Record]:
    """Return the records of a process; one that a kill cut short is left out."""
    return list(parsed(path.read_bytes()))


def parsed(content: bytes) -> Iterator[Record]:
    place = 0
    while place + HEADER.size <= len(content):
        call, folder, path_bytes, other_bytes, flags, inode, offset, size, data_bytes = HEADER.unpack_from(
            content, place
        )
        ends = [place + HEADER.size]
        for length in (path_bytes, other_bytes, data_bytes):
            ends.append(ends[-1] + length)
        place = ends[-1]
        if place > len(content):
            return
        path, other, data = (content[start:end] for start, end in itertools.pairwise(ends))
        names = path.decode(errors="surrogateescape"), other.decode(errors="surrogateescape")
        yield Record(CALLS[call], *names, inode, offset, data, size, flags, bool(folder))


def read_report(path: Path) -> Report:
    *counts, counted, failed, first = REPORT.unpack(path.read_bytes())
    seen = dict(zip(CALLS, counts, strict=True))
    return Report(seen, counted, failed, first.split(b"\0")[0].decode(errors="replace"))
