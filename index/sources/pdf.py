"""PDF: the text of the pages, an empty line between two. Needs pypdfium2.

PDFium is native code that unpacks what a file brings: it runs in a process of its own for each file, with bounds on
memory and time, so that what is wrong with one file ends nothing else.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pypdfium2  # noqa: F401 - is used by the process; what is missing is told here

from index.sources.decoding import check_size
from index.sources.pdf_process import Pages
from index.sources.records import Reading, Record, SourceError
from index.sources.titles import title_of

MAX_FILE_BYTES = 256 << 20
ROOT = Path(__file__).resolve().parent.parent.parent
MEMORY_BYTES, SECONDS = 2 << 30, 300


def read(path: Path, reading: Reading) -> Iterator[Record]:  # noqa: ARG001 - a PDF says its encodings itself
    """Yield the text as one record, or nothing if no page holds anything.

    Raises SourceError, also for files that are encrypted or hold pictures of text alone.
    """
    check_size(path.stat().st_size, MAX_FILE_BYTES)
    pages = extract(path)
    if pages.error:
        raise SourceError(pages.error)
    if pages.text:
        yield Record(pages.text, {"title": title_of(path, pages.title)})


def extract(path: Path, seconds: float = SECONDS, memory_bytes: int = MEMORY_BYTES) -> Pages:
    """Return what the process made of the file, or raise SourceError where it ended or was ended without a word."""
    command = [sys.executable, "-m", "index.sources.pdf_process", str(memory_bytes)]
    try:
        with path.open("rb") as file:
            done = subprocess.run(  # noqa: S603 - this program itself
                command, stdin=file, capture_output=True, timeout=seconds, check=False, cwd=ROOT
            )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"cannot be read as PDF: it took more than {seconds:g} s") from error
    try:
        return msgspec.json.decode(done.stdout, type=Pages)
    except msgspec.DecodeError as error:
        raise SourceError("cannot be read as PDF: it takes too much memory, or PDFium fails on it") from error
