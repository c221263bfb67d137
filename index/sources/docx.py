"""DOCX: paragraphs, lists, tables and notes as the HTML that mammoth makes of them reads, in a process of its own.

Text in content controls, hyperlinks, text boxes and tracked insertions counts; deleted text, comments, pictures,
headers and footers do not.
"""

from collections.abc import Iterator
from pathlib import Path

import mammoth  # noqa: F401 - is used by the process; what is missing is told here

from index.sources.confined import MAX_FILE_BYTES, MEMORY_BYTES, Found, ask, records_of
from index.sources.decoding import check_size
from index.sources.records import Reading, Record

SECONDS = 120  # far more than documents take; what takes longer was made to


def read(path: Path, reading: Reading) -> Iterator[Record]:  # noqa: ARG001 - XML says its encoding itself
    """Yield the text as one record, or nothing if there is none. Raises SourceError."""
    check_size(path.stat().st_size, MAX_FILE_BYTES)
    yield from records_of(path, extract(path))


def extract(path: Path, seconds: float = SECONDS, memory_bytes: int = MEMORY_BYTES) -> Found:
    """Return what the process made of the file, or raise SourceError where it ended or was ended without a word."""
    return ask("index.sources.docx_process", path, "DOCX", seconds, memory_bytes)
