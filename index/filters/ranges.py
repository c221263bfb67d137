"""Ranges: two bounds of one field made one stretch of the index, and the strings that begin alike. Pure."""

from collections.abc import Sequence

from index.documents.attributes import STRING
from index.filters.tree import Comparison, Condition, Range

LAST_CODE = 0x10FFFF
BEFORE_SURROGATES, AFTER_SURROGATES = 0xD7FF, 0xE000  # between them are no characters
LOWER, UPPER = (">", ">="), ("<", "<=")


def with_ranges(parts: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return the parts, of which all are to hold, with each lower and upper bound of one field and kind made a range.

    A range stands where the first of its bounds stood.
    """
    joined: list[Condition] = []
    for part in parts:
        place = next((at for at, other in enumerate(joined) if range_of(other, part) is not None), None)
        if place is None:
            joined.append(part)
        else:
            made = range_of(joined[place], part)
            assert made is not None
            joined[place] = made
    return tuple(joined)


def range_of(one: Condition, other: Condition) -> Range | None:
    """Return the range between two bounds, whichever is the lower one; None where they are not such."""
    if not (isinstance(one, Comparison) and isinstance(other, Comparison)):
        return None
    if (one.field, one.kind) != (other.field, other.kind):
        return None
    low, high = (one, other) if one.order in LOWER else (other, one)
    if low.order not in LOWER or high.order not in UPPER:
        return None
    return Range(low.field, low.kind, low.order, low.values[0], high.order, high.values[0])


def beginning_with(field: str, prefix: str) -> Comparison | Range:
    """Return the condition that the field is a string that begins so. Strings are ordered by code points."""
    end = successor(prefix)
    if end is None:
        return Comparison(field, STRING, ">=", (prefix,))
    return Range(field, STRING, ">=", prefix, "<", end)


def successor(prefix: str) -> str | None:
    """Return the first string after all that begin so; None where nothing comes after them."""
    kept = prefix.rstrip(chr(LAST_CODE))
    if not kept:
        return None
    code = ord(kept[-1])
    return kept[:-1] + chr(AFTER_SURROGATES if code == BEFORE_SURROGATES else code + 1)
