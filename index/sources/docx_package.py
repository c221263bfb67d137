"""The ZIP archive of a DOCX: its parts as streams of XML, bounded whatever the archive says of itself."""

import struct
import zipfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TypeVar

from lxml import etree

from index.sources.decoding import check_size
from index.sources.records import SourceError

MAX_FILE_BYTES = 256 << 20
MAX_DIRECTORY_BYTES = 4 << 20  # some forty thousand parts
CHUNK = 64 << 10
OLE = b"\xd0\xcf\x11\xe0"
ZIP_END, ZIP_64, END_BYTES, COMMENT_BYTES, LOCATOR_BYTES = b"PK\5\6", b"PK\6\7", 22, 65535, 20
Target = TypeVar("Target")


class Package:
    """An archive that is open; raises SourceError for what is none, or is none of Word's."""

    def __init__(self, path: Path) -> None:
        check_size(path.stat().st_size, MAX_FILE_BYTES)
        self._file = path.open("rb")
        try:
            check_archive(self._file)
            self._archive = zipfile.ZipFile(self._file)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Package":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()
        self._file.close()

    def need(self, name: str) -> None:
        if name not in self._archive.NameToInfo:
            raise SourceError(f"is no DOCX: its archive has no {name}")

    def feed(self, name: str, target: Target, limit: int) -> Target:
        """Feed a part's XML to a target and return it; a part that is not there feeds nothing.

        No entities are resolved, and no part is read beyond the limit in bytes.
        """
        if name not in self._archive.NameToInfo:
            return target
        size = self._archive.NameToInfo[name].file_size
        if size > limit:
            raise SourceError(f"unpacks to more than is read: {name} to {size:,} bytes, of at most {limit:,}")
        parser = etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False)
        with self._archive.open(name) as part:  # reads no more than the size that is told
            while chunk := part.read(CHUNK):
                parser.feed(chunk)
        parser.close()
        return target


def check_archive(file: BinaryIO) -> None:
    """Raise SourceError unless the archive's directory is small enough to be read at once."""
    size = file.seek(0, 2)
    file.seek(max(0, size - END_BYTES - COMMENT_BYTES - LOCATOR_BYTES))
    tail = file.read()
    file.seek(0)
    if file.read(4) == OLE:
        raise SourceError("is encrypted, or a document of Word 97; save it as DOCX without a password")
    at = tail.rfind(ZIP_END)
    if at < 0 or len(tail) - at < END_BYTES:
        raise SourceError("cannot be read as DOCX: it is no ZIP archive, or the end of it is missing")
    (directory,) = struct.unpack_from("<I", tail, at + 12)
    if directory > MAX_DIRECTORY_BYTES or tail[max(0, at - LOCATOR_BYTES) : at].startswith(ZIP_64):
        raise SourceError("cannot be read as DOCX: its archive has far more parts than a document's")
