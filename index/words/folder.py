"""The folder of the words' index beside a database: named by it, checked before it is opened, removed when it is stale.

tantivy maps its files into memory, so that one cut off under it would end the process; each ends with a checksum of its
own (https://docs.rs/tantivy/latest/tantivy/directory/footer), which is looked at before tantivy sees the file.
"""

import contextlib
import secrets
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import apsw
import msgspec

from index.store.disk import PIECE_BYTES
from index.store.layout import WORDS_FOLDER
from index.store.meta import read_meta

META_FILE = "meta.json"  # has no checksum of its own
KEYS_SUFFIX = ".fast"  # ends with how many documents there are, a version and a magic number
END_BYTES = 12
MAX_FOOTER_BYTES = 1_000
MAGIC = (1337).to_bytes(4, "little")


class Segment(msgspec.Struct, frozen=True):
    segment_id: str
    max_doc: int


class Meta(msgspec.Struct, frozen=True):
    """What tantivy says of an index; all else in the file is its own."""

    segments: list[Segment]


class Footer(msgspec.Struct, frozen=True):
    crc: int


def new_name() -> str:
    """Return the name of a folder that no database has named yet."""
    return f"{WORDS_FOLDER}{secrets.token_hex(8)}"


def named(connection: apsw.Connection) -> str | None:
    """Return the folder that the database names, if there is one."""
    name = read_meta(connection).get("words")
    return name if isinstance(name, str) and name.startswith(WORDS_FOLDER) and "/" not in name else None


def remove_strays(folder: Path, kept: str | None) -> None:
    """Remove the folders of words that the database does not name."""
    with contextlib.suppress(OSError):  # they take room until the next time
        for path in folder.glob(f"{WORDS_FOLDER}*"):
            if path.name != kept:
                shutil.rmtree(path, ignore_errors=True)


def problems_in(folder: Path) -> Iterator[str]:
    """Yield what is wrong with an index's files. Raises OSError."""
    meta = folder / META_FILE
    if not meta.is_file():
        yield f"{folder.name} is not there, or was never made whole"
        return
    try:
        segments = msgspec.json.decode(meta.read_bytes(), type=Meta).segments
    except (msgspec.DecodeError, UnicodeDecodeError):
        yield f"{folder.name}/{META_FILE} is damaged"
        return
    for segment in segments:
        prefix = segment.segment_id.replace("-", "")
        documents = None
        for path in [path for path in folder.iterdir() if path.name.startswith(prefix)]:
            end = checked_end(path)
            if end is None:
                yield f"{folder.name}/{path.name} is damaged: its checksum differs"
            elif path.suffix == KEYS_SUFFIX:
                documents = int.from_bytes(end[:4], "little")
        if documents != segment.max_doc:
            yield f"{folder.name}/{META_FILE} is damaged, or the files of the segment {prefix} are"


def checked_end(path: Path) -> bytes | None:
    """Return the last bytes before the footer of a file, END_BYTES, where that has their checksum. Raises OSError."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size_bytes - MAX_FOOTER_BYTES))
        footer = file.read()
        length = int.from_bytes(footer[-8:-4], "little")
        if footer[-4:] != MAGIC or length + 8 > len(footer):
            return None
        try:
            stated = msgspec.json.decode(footer[-8 - length : -8], type=Footer).crc
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        file.seek(0)
        left, found, end = size_bytes - 8 - length, 0, b""
        while left and (piece := file.read(min(left, PIECE_BYTES))):
            left, found, end = left - len(piece), zlib.crc32(piece, found), (end + piece)[-END_BYTES:]
    return end if found == stated else None
