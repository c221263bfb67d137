"""Texts as UTF-8 in parts: to encode a megabyte at once keeps the interpreter lock for milliseconds."""

from collections.abc import Iterator

MAX_BYTES = 4  # of a character
PART_CHARACTERS = 1 << 16


def encoded(text: str, first: int = 0) -> Iterator[bytes]:
    """Yield a text's bytes from its character `first` on, none for an empty one."""
    for start in range(first, len(text), PART_CHARACTERS):
        yield text[start : start + PART_CHARACTERS].encode()


def size_of(text: str) -> int:
    """Return how many bytes a text has."""
    return len(text) if text.isascii() else sum(map(len, encoded(text)))


def may_exceed(text: str, limit: int) -> bool:
    """Say, without looking through it, whether a text may have more than so many bytes."""
    return len(text) * (1 if text.isascii() else MAX_BYTES) > limit
