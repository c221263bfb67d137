"""The folder of the words' index beside a database: named by it, checked before it is opened, removed when it is stale.

tantivy maps its files into memory, so that one cut off under it would end the process; each ends with a checksum of its
own (https://docs.rs/tantivy/latest/tantivy/directory/footer), which is looked at before tantivy sees the file.
"""

import contextlib
import secrets
import shutil
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw
import msgspec

from index.store.disk import PIECE_BYTES
from index.store.layout import WORDS_FOLDER
from index.store.meta import read_meta

META_FILE = "meta.json"  # has no checksum of its own
KEYS_SUFFIX = ".fast"  # ends with how many documents there are, a version and a magic number
DELETES_SUFFIX = ".del"  # after the number of the change that it was written with
END_BYTES = 12
MAX_FOOTER_BYTES = 1_000
MAGIC = (1337).to_bytes(4, "little")


class Deletes(msgspec.Struct, frozen=True):
    num_deleted_docs: int
    opstamp: int


class Segment(msgspec.Struct, frozen=True):
    segment_id: str
    max_doc: int
    deletes: Deletes | None = None

    @property
    def stem(self) -> str:
        """The name that the files of the segment have in common."""
        return self.segment_id.replace("-", "")

    def owns(self, name: str) -> bool:
        """Say whether a file is the segment's: of those with the numbers of its deleted documents, the last one is."""
        if name.endswith(DELETES_SUFFIX):
            return self.deletes is not None and name == f"{self.stem}.{self.deletes.opstamp}{DELETES_SUFFIX}"
        return name.startswith(f"{self.stem}.")


class Meta(msgspec.Struct, frozen=True):
    """What tantivy says of an index; all else in the file is its own."""

    segments: tuple[Segment, ...]


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
        segments = segments_in(folder)
    except ValueError as error:
        yield str(error)
        return
    for segment in segments:
        documents, deletes = None, False
        for path in [path for path in folder.iterdir() if segment.owns(path.name)]:
            end = checked_end(path)
            if end is None:
                yield f"{folder.name}/{path.name} is damaged: its checksum differs"
            elif path.suffix == KEYS_SUFFIX:
                documents = int.from_bytes(end[:4], "little")
            deletes |= path.suffix == DELETES_SUFFIX
        if documents != segment.max_doc or deletes != (segment.deletes is not None):
            yield f"{folder.name}/{META_FILE} is damaged, or the files of the segment {segment.stem} are"


def segments_in(folder: Path) -> tuple[Segment, ...]:
    """Return the segments as of the last commit. Raises OSError, and ValueError where the file of them is damaged."""
    try:
        return msgspec.json.decode((folder / META_FILE).read_bytes(), type=Meta).segments
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{folder.name}/{META_FILE} is damaged") from error


def strays_in(folder: Path, segments: Sequence[Segment]) -> list[Path]:
    """Return the files that the last commit does not name: of former segments, or of a commit cut off.

    Raises OSError.
    """
    paths = (path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return [path for path in paths if path.name != META_FILE and not any(one.owns(path.name) for one in segments)]


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
