"""Ids of documents, and the check that a text is Unicode."""

from index.errors import DocumentError

MAX_ID_BYTES = 512


def check_id(given: str) -> str:
    """Return the id, or raise DocumentError: an id is any text of 1 to MAX_ID_BYTES bytes without NUL."""
    # A character has a byte at least: what is too long in characters is not copied.
    size = len(given) if len(given) > MAX_ID_BYTES else len(encode_text("id", given))
    if not 1 <= size <= MAX_ID_BYTES:
        raise DocumentError(f"an id takes 1 to {MAX_ID_BYTES} bytes of UTF-8; this one takes {size}")
    if "\0" in given:
        raise DocumentError("an id must not hold NUL")
    return given


def encode_text(what: str, text: str) -> bytes:
    """Return the text's UTF-8, or raise DocumentError if it has none."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise DocumentError(f"the {what} is not Unicode (a lone surrogate)") from error
