"""PDF: the text of the pages, an empty line between two. Needs pypdfium2, whose native code runs in its own process."""

from collections.abc import Iterator
from pathlib import Path

import pypdfium2  # noqa: F401 - is used by the process; what is missing is told here

from index.sources.confined import MAX_FILE_BYTES, MEMORY_BYTES, Found, ask, records_of
from index.sources.decoding import check_size
from index.sources.records import Reading, Record

SECONDS = 300


def read(path: Path, reading: Reading) -> Iterator[Record]:  # noqa: ARG001 - a PDF says its encodings itself
    """Yield the text as one record, or nothing if no page holds anything.

    Raises SourceError, also for files that are encrypted or hold pictures of text alone.
    """
    check_size(path.stat().st_size, MAX_FILE_BYTES)
    yield from records_of(path, extract(path))


def extract(path: Path, seconds: float = SECONDS, memory_bytes: int = MEMORY_BYTES) -> Found:
    """Return what the process made of the file, or raise SourceError where it ended or was ended without a word."""
    return ask("index.sources.pdf_process", path, "PDF", seconds, memory_bytes)
