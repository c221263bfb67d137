"""Bytes of files as text: bounded, of one encoding, and nothing that is no text."""

import codecs
import contextlib
from collections.abc import Iterator
from pathlib import Path

from index.sources.records import SourceError

MAX_TEXT_BYTES = 64 << 20  # of a file that is one text; a document holds 16 MiB of text
MARKS = (  # longer ones first: that of UTF-32 begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MARK_BYTES = 4
NOT_TEXT = "is not text: it holds NUL"


def read_bytes(path: Path, limit: int = MAX_TEXT_BYTES) -> bytes:
    """Return a file's content, or raise SourceError if it is longer than the limit, before it is read."""
    check_size(path.stat().st_size, limit)
    with path.open("rb") as file:
        content = file.read(limit + 1)  # it may have grown
    check_size(len(content), limit)
    return content


def check_size(size: int, limit: int) -> None:
    if size > limit:
        raise SourceError(f"is larger than {limit >> 20} MiB, which is the most that is read of a file of this form")


def read_text(path: Path, encoding: str | None) -> str:
    """Return a file's text, lines ended by line feeds alone."""
    content = read_bytes(path)
    with decoding_errors(encoding):
        text = content.decode(encoding_of(content, encoding))
    if "\0" in text:
        raise SourceError(NOT_TEXT)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def encoding_of(head: bytes, given: str | None) -> str:
    """Return the codec for a text that begins with these bytes: a byte order mark counts for more than what is given.

    The codec takes the mark off.
    """
    found = (codec for mark, codec in MARKS if head.startswith(mark))
    return next(found, given or "utf-8")


@contextlib.contextmanager
def decoding_errors(given: str | None) -> Iterator[None]:
    """Turn what decoding raises into SourceError."""
    try:
        yield
    except LookupError as error:
        raise SourceError(f"cannot be decoded: there is no encoding {given!r}") from error
    except UnicodeError as error:
        if given is None:
            raise SourceError("is not UTF-8; say --encoding, as --encoding cp1252") from error
        raise SourceError(f"is not of the encoding {given}: {error}") from error


def check_unicode(text: str) -> str:
    """Return the text, or raise SourceError if UTF-8 cannot hold it (a lone surrogate)."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SourceError("is not Unicode: it holds a lone surrogate") from error
    return text
