"""DOCX: paragraphs and tables in their order, headings as `# `, lists as `- `; read as a stream, part by part.

Text in content controls, hyperlinks, text boxes and tracked insertions counts; deleted text, notes, headers and
footers do not.
"""

from collections.abc import Iterator
from pathlib import Path

from index.sources.docx_body import Body
from index.sources.docx_package import Package
from index.sources.docx_parts import CoreProperties, Relations, Styles
from index.sources.foreign import foreign_errors
from index.sources.records import Reading, Record
from index.sources.titles import title_of

MAX_DOCUMENT_BYTES = 64 << 20  # unpacked, and never in memory at once
MAX_PART_BYTES = 16 << 20
MAIN, STYLES, CORE = "word/document.xml", "styles.xml", "docProps/core.xml"


def read(path: Path, reading: Reading) -> Iterator[Record]:  # noqa: ARG001 - XML says its encoding itself
    """Yield the text as one record, or nothing if there is none."""
    with foreign_errors("DOCX"), Package(path) as package:
        relations = package.feed("_rels/.rels", Relations(), MAX_PART_BYTES)
        main = relations.main or MAIN
        styles = package.feed(f"{main.rpartition('/')[0]}/{STYLES}".lstrip("/"), Styles(), MAX_PART_BYTES)
        core = package.feed(CORE, CoreProperties(), MAX_PART_BYTES)
        package.need(main)
        body = package.feed(main, Body(styles), MAX_DOCUMENT_BYTES)
    if body.text:
        yield Record(body.text, {"title": title_of(path, core.title, body.heading)})
