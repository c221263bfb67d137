"""The process that reads one PDF: the file is stdin, what was found goes to stdout as JSON. Needs pypdfium2."""

import re
from typing import BinaryIO

import pypdfium2

from index.sources.confined import MAX_CHARACTERS, Found, answer

JOINED = re.compile("[\x02\ufffe\xad](?:\r?\n)?")  # a word that was hyphenated at the end of a line
CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\ufffd\ufdd0-\ufdef\uffff]")
# What programs put there when nobody gave a title.
NO_TITLE = re.compile(
    r"untitled.*|microsoft (word|powerpoint|excel) - .*|.*\.(docx?|dvi|indd|odt|pdf|pptx?|qxd|rtf|tex|xlsx?)",
    re.IGNORECASE,
)
PASSWORD = "is encrypted; save it without its password"  # noqa: S105 - a message
NO_TEXT = "holds no text: its pages are pictures; text recognition (OCR) would add it"


def extract(file: BinaryIO) -> Found:
    """Return the text of all pages."""
    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        encrypted = error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
        return Found(error=PASSWORD if encrypted else f"cannot be read as PDF: {error}")
    texts: list[str] = []
    size, drawn = 0, False
    for number in range(len(document)):
        try:
            page = document[number]
            text = clean(page.get_textpage().get_text_bounded())
            drawn = drawn or (not text and next(page.get_objects(max_depth=1), None) is not None)
            page.close()  # and its text with it
        except pypdfium2.PdfiumError as error:
            return Found(error=f"cannot be read as PDF: page {number + 1}: {error}")
        size += len(text)
        if size > MAX_CHARACTERS:
            return Found(error=f"holds more than {MAX_CHARACTERS:,} characters of text")
        texts.append(text)
    found = "\n\n".join(filter(None, texts))
    if not found and drawn:
        return Found(error=NO_TEXT)
    return Found(found, title_in(document))


def clean(text: str) -> str:
    """Return a page's text without marks of hyphenation and control characters, lines ended by line feeds."""
    lines = CONTROLS.sub("", JOINED.sub("", text)).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def title_in(document: pypdfium2.PdfDocument) -> str:
    title = CONTROLS.sub("", document.get_metadata_value("Title")).strip()
    return "" if NO_TITLE.fullmatch(title) else title


if __name__ == "__main__":
    answer(extract)
