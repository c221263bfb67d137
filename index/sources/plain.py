"""Plain text: the file as it is, its name as the title."""

from collections.abc import Iterator
from pathlib import Path

from index.sources.decoding import check_unicode, read_text
from index.sources.records import Reading, Record
from index.sources.titles import title_of


def read(path: Path, reading: Reading) -> Iterator[Record]:
    """Yield the text as one record, or nothing if it is white."""
    text = check_unicode(read_text(path, reading.encoding))
    if text.strip():
        yield Record(text, {"title": title_of(path)})
