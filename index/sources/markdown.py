"""Markdown: front matter becomes metadata, what follows it is the text."""

import re
from collections.abc import Iterator
from pathlib import Path

from index.sources.decoding import check_unicode, read_text
from index.sources.front_matter import split
from index.sources.records import Reading, Record
from index.sources.titles import as_title, one_line, title_of

ATX = re.compile(r" {0,3}#{1,6}[ \t]+(.*)")
CLOSING = re.compile(r"(^|[ \t])#+[ \t]*$")
UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
NO_PARAGRAPH = re.compile(r" {4}|\t| {0,3}([>|#<]|[-*+][ \t]|\d+[.)][ \t])")  # an underline makes no heading of it


def read(path: Path, reading: Reading) -> Iterator[Record]:
    """Yield the text as one record, or nothing if it is white.

    A title in the front matter that the text does not begin with becomes its first heading, so that it is searched.
    """
    metadata, text = split(check_unicode(read_text(path, reading.encoding)))
    if not text.strip():
        return
    given = as_title(metadata.get("title"))
    title = title_of(path, given, first_heading(text))
    if given and not begins_with(text, given):
        text = f"# {given}\n\n{text.lstrip(chr(10))}"
    yield Record(text, {**metadata, "title": title})


def begins_with(text: str, title: str) -> bool:
    """Whether the title stands at the beginning of the text, be it a heading or not."""
    return one_line(text.lstrip().lstrip("#")).casefold().startswith(title.casefold())


def first_heading(text: str) -> str | None:
    """Return the first heading outside blocks of code: a marked line, or a paragraph of one line that is underlined."""
    fence, before, earlier = "", "", ""
    for line in text.split("\n"):
        if found := FENCE.match(line):
            if not fence:
                fence = found[1]
            elif found[1].startswith(fence) and not line[found.end() :].strip():
                fence = ""
            before = earlier = ""
            continue
        if fence:
            continue
        if found := ATX.match(line):
            if heading := CLOSING.sub("", found[1]).strip():
                return heading
        elif before.strip() and not earlier.strip() and not NO_PARAGRAPH.match(before) and UNDERLINE.fullmatch(line):
            return before.strip()
        before, earlier = line, before
    return None
