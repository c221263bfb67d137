"""Attributes: the rows that filters search, made of a document's metadata. Each is (field, kind, value).

Booleans, numbers and strings are of different kinds, and an array's elements of kinds of their own. A value that cannot
be compared (null, an object, an array within an array) leaves a row that says the field exists.
"""

from collections.abc import Mapping
from typing import Any

OPAQUE, BOOLEAN, NUMBER, STRING = 0, 1, 2, 3
ELEMENT = 10  # added to the kind of a value that stands in an array

Scalar = int | float | str
Attribute = tuple[str, int, Scalar]


def comparable(value: object) -> tuple[int, Scalar] | None:
    """Return the kind and the SQL value of a scalar, or None where there is nothing to compare."""
    match value:
        case bool():
            return BOOLEAN, int(value)
        case int() | float():
            return NUMBER, value
        case str():
            return STRING, value
    return None


def attributes_of(metadata: Mapping[str, Any]) -> set[Attribute]:
    """Return the rows of all fields; every field has one at least."""
    return {row for field, value in metadata.items() for row in field_attributes(field, value)}


def field_attributes(field: str, value: object) -> list[Attribute]:
    if not isinstance(value, list):
        return [(field, *(comparable(value) or (OPAQUE, 0)))]
    elements = [comparable(element) for element in value]
    known = [(field, kind + ELEMENT, scalar) for kind, scalar in (element for element in elements if element)]
    return known or [(field, OPAQUE, 0)]
