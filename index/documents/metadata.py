"""A document's metadata: JSON within limits, encoded as it is stored."""

import math

import msgspec

from index.errors import DocumentError

MAX_METADATA_BYTES = 64 * 1024
MAX_METADATA_DEPTH = 16
MAX_METADATA_FIELDS = 256
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1  # those that SQLite can hold


def encode_metadata(metadata: object) -> bytes:
    """Return metadata as JSON, or raise DocumentError."""
    if not isinstance(metadata, dict):
        raise DocumentError(f"metadata must be an object, not {type(metadata).__name__}")
    if len(metadata) > MAX_METADATA_FIELDS:
        raise DocumentError(f"metadata has {len(metadata)} fields; at most {MAX_METADATA_FIELDS} are allowed")
    check_value(metadata, 1)
    try:
        encoded = msgspec.json.encode(metadata)
    except UnicodeEncodeError as error:
        raise DocumentError("metadata holds text that is not Unicode (a lone surrogate)") from error
    if len(encoded) > MAX_METADATA_BYTES:
        raise DocumentError(f"metadata takes {len(encoded)} bytes of JSON; at most {MAX_METADATA_BYTES} are allowed")
    return encoded


def check_value(value: object, depth: int) -> None:
    """Raise DocumentError unless this is JSON whose numbers SQLite can hold."""
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
