"""HTML: the text that a reader of the page sees, with line breaks between blocks.

The page is read as a stream of tags, without a tree: deep nesting costs neither time nor memory.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from index.sources.decoding import MARKS, NOT_TEXT, decoding_errors, encoding_of, read_bytes
from index.sources.foreign import foreign_errors
from index.sources.records import Reading, Record, SourceError
from index.sources.titles import title_of
from index.sources.visible import VisibleText

CHUNK = 64 << 10
HEAD_BYTES = 4096  # where a page says its encoding; the standard looks at the first 1,024
DECLARED = re.compile(
    rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]{1,40})"""
    rb"""|<\?xml[^>]{0,200}?encoding=["']([\w.:-]{1,40})""",
    re.IGNORECASE,
)
WEB_ENCODINGS = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030"}
OF_PAGES = re.compile(r"ascii|big5|cp\d|euc|gb|iso|koi8|mac|shift_jis|tis")  # codecs of bytes for letters
UTF_8 = "utf-8"


def read(path: Path, reading: Reading) -> Iterator[Record]:
    """Yield the visible text as one record, or nothing if there is none."""
    page = decode(read_bytes(path), reading.encoding)
    if "\0" in page:
        raise SourceError(NOT_TEXT)
    visible = VisibleText()
    with foreign_errors("HTML"):
        text = text_of(page, visible)
    if text:
        yield Record(text, {"title": title_of(path, visible.title, visible.heading)})


def text_of(page: str, visible: VisibleText) -> str:
    """Return the visible text of a page; `visible` has its title and first heading then."""
    if not page:
        return ""
    parser = etree.HTMLParser(target=visible, encoding=UTF_8, huge_tree=True)
    for start in range(0, len(page), CHUNK):
        parser.feed(page[start : start + CHUNK].encode())
    return str(parser.close())


def decode(content: bytes, given: str | None) -> str:
    """Return the page by its mark, by what is given, by what it declares, or as UTF-8."""
    marked = any(content.startswith(mark) for mark, _ in MARKS)
    declared = None if marked or given else declared_encoding(content[:HEAD_BYTES])
    if declared:
        return content.decode(declared, errors="replace")
    with decoding_errors(given):
        return content.decode(encoding_of(content, given))


def declared_encoding(head: bytes) -> str | None:
    """Return the codec that a page names, read as browsers read its name, or None if there is no such codec."""
    found = DECLARED.search(head)
    if found is None:
        return None
    try:
        name = codecs.lookup((found[1] or found[2]).decode("ascii", "replace")).name
    except LookupError:
        return None
    if not OF_PAGES.match(name):
        return None  # what could be read so far is not UTF-16; that it is UTF-8 is checked
    return WEB_ENCODINGS.get(name, name)
