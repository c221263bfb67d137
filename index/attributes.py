"""From a document's metadata to the rows that filters search: (field, kind, value), one a value.

Booleans, numbers and strings are of different kinds, and an array's elements of kinds of their own. What cannot be
compared (null, an object, an array within an array) leaves a row that says the field exists.
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from index.errors import DocumentError

OPAQUE, BOOLEAN, NUMBER, STRING = 0, 1, 2, 3
ELEMENT = 10  # added to the kind of a value that stands in an array
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
MAX_METADATA_BYTES, MAX_METADATA_DEPTH, MAX_FIELDS = 64 * 1024, 16, 256

Scalar = bool | int | float | str
Attribute = tuple[str, int, int | float | str]


def comparable(value: object) -> tuple[int, int | float | str] | None:
    """Return the kind and the SQL value of a scalar, or None where there is nothing to compare."""
    match value:
        case bool():
            return BOOLEAN, int(value)
        case int() | float():
            return NUMBER, value
        case str():
            return STRING, value
    return None


def attributes(metadata: Mapping[str, Any]) -> set[Attribute]:
    """Return the rows of all fields; every field has one at least."""
    return {row for field, value in metadata.items() for row in rows_of(field, value)}


def rows_of(field: str, value: object) -> list[Attribute]:
    """Return the rows of one field."""
    if not isinstance(value, list):
        return [(field, *(comparable(value) or (OPAQUE, 0)))]
    elements = [comparable(element) for element in value]
    known = [(field, kind + ELEMENT, scalar) for kind, scalar in (element for element in elements if element)]
    return known or [(field, OPAQUE, 0)]


def encode_metadata(metadata: object) -> bytes:
    """Return metadata as JSON, or raise what is wrong with it."""
    if not isinstance(metadata, dict):
        raise DocumentError(f"metadata must be an object, not {type(metadata).__name__}")
    if len(metadata) > MAX_FIELDS:
        raise DocumentError(f"metadata has {len(metadata)} fields; at most {MAX_FIELDS} are allowed")
    check_value(metadata, 1)
    try:
        encoded = msgspec.json.encode(metadata)
    except UnicodeEncodeError as error:
        raise DocumentError("metadata holds text that is not Unicode (a lone surrogate)") from error
    if len(encoded) > MAX_METADATA_BYTES:
        raise DocumentError(f"metadata takes {len(encoded)} bytes of JSON; at most {MAX_METADATA_BYTES} are allowed")
    return encoded


def check_value(value: object, depth: int) -> None:
    """Raise unless this is JSON whose numbers SQLite can hold."""
    if depth > MAX_METADATA_DEPTH:
        raise DocumentError(f"metadata is nested deeper than {MAX_METADATA_DEPTH}")
    match value:
        case None | bool() | str():
            return
        case int():
            if not MIN_INTEGER <= value <= MAX_INTEGER:
                raise DocumentError(f"metadata holds the integer {value}, which needs more than 64 bits")
        case float():
            if not math.isfinite(value):
                raise DocumentError("metadata holds a number that is not finite")
        case list():
            for element in value:
                check_value(element, depth + 1)
        case dict():
            for field, inner in value.items():
                if not isinstance(field, str):
                    raise DocumentError("metadata has a field whose name is not a string")
                check_value(inner, depth + 1)
        case _:
            raise DocumentError(f"metadata holds a {type(value).__name__}, which is not JSON")
