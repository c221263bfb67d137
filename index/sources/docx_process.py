"""The process that reads one DOCX: the file is stdin, what was found goes to stdout as JSON. Needs mammoth.

The bounds of the process hold whatever an archive says of itself; the sizes in its directory are looked at first.
"""

import gc
import io
import re
import zipfile
from typing import Any, BinaryIO

import mammoth
from lxml import etree

from index.sources.confined import MAX_CHARACTERS, Found, answer
from index.sources.foreign import foreign_errors
from index.sources.html import text_of
from index.sources.records import SourceError
from index.sources.titles import as_title
from index.sources.visible import VisibleText

MAX_XML_BYTES = 64 << 20  # all of an archive's XML, unpacked; what is not XML is not read
XML = (".xml", ".rels")
CORE, TITLE = "docProps/core.xml", "{http://purl.org/dc/elements/1.1/}title"
OLE = b"\xd0\xcf\x11\xe0"
# What mammoth reads as paragraphs otherwise.
STYLES = "p[style-name='Title'] => h1:fresh\n" + "\n".join(
    f"p[style-name='heading {level}'] => h6:fresh" for level in (7, 8, 9)
)
BACK = re.compile('<a href="#(?:foot|end)note-ref-[^"]*">↑</a>')  # from a note to where it is referred to
SOFT_HYPHEN = "\xad"
TOO_LARGE = "cannot be read as DOCX: it takes too much memory"


def extract(file: BinaryIO) -> Found:
    """Return the text and the title, which is the file's or the first heading."""
    content = file.read()
    if content.startswith(OLE):
        return Found(error="is encrypted, or a document of Word 97; save it as DOCX without a password")
    try:
        with foreign_errors("DOCX"):
            return convert(io.BytesIO(content))
    except SourceError as error:
        return Found(error=TOO_LARGE if isinstance(error.__cause__, MemoryError) else str(error))
    except OSError as error:
        return Found(error=f"cannot be read as DOCX: {error}")


def convert(file: BinaryIO) -> Found:
    with zipfile.ZipFile(file) as archive:
        size = sum(part.file_size for part in archive.infolist() if part.filename.lower().endswith(XML))
        if size > MAX_XML_BYTES:
            raise SourceError(f"unpacks to more than is read: {size:,} bytes of XML, of at most {MAX_XML_BYTES:,}")
        title = core_title(archive)
    html = mammoth.convert_to_html(
        file, style_map=STYLES, include_embedded_style_map=False, convert_image=no_image, external_file_access=False
    ).value
    visible = VisibleText(rows_are_lines=True)
    text = text_of(BACK.sub("", html).replace(SOFT_HYPHEN, ""), visible)
    if len(text) > MAX_CHARACTERS:
        raise SourceError(f"holds more than {MAX_CHARACTERS:,} characters of text")
    return Found(text, as_title(title) or visible.heading or "")


def core_title(archive: zipfile.ZipFile) -> str | None:
    if CORE not in archive.NameToInfo:
        return None
    with archive.open(CORE) as part:
        properties = etree.parse(part, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    return str(properties.findtext(TITLE, ""))


def no_image(image: Any) -> list[Any]:  # noqa: ARG001 - as mammoth calls it
    return []


if __name__ == "__main__":
    gc.disable()  # the process ends with the file, and the trees are large
    answer(extract)
