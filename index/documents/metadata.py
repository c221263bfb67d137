"""A document's metadata: JSON within limits, encoded as it is stored."""

import math

import msgspec

from index.errors import DocumentError

MAX_METADATA_BYTES = 64 * 1024
MAX_METADATA_DEPTH = 16
MAX_METADATA_FIELDS = 256
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1  # those that SQLite can hold


class Room:
    """How many bytes of JSON metadata may still have, by what each value takes at least.

    So nothing is copied, and no more of it is looked at than would fit.
    """

    def __init__(self) -> None:
        self.left = MAX_METADATA_BYTES

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise DocumentError(f"metadata takes more bytes of JSON than the {MAX_METADATA_BYTES} that are allowed")


def encode_metadata(metadata: object) -> bytes:
    """Return metadata as JSON, or raise DocumentError."""
    if not isinstance(metadata, dict):
        raise DocumentError(f"metadata must be an object, not {type(metadata).__name__}")
    if len(metadata) > MAX_METADATA_FIELDS:
        raise DocumentError(f"metadata has {len(metadata)} fields; at most {MAX_METADATA_FIELDS} are allowed")
    check_value(metadata, 1, Room())
    try:
        encoded = msgspec.json.encode(metadata)
    except UnicodeEncodeError as error:
        raise DocumentError("metadata holds text that is not Unicode (a lone surrogate)") from error
    if len(encoded) > MAX_METADATA_BYTES:
        raise DocumentError(f"metadata takes {len(encoded)} bytes of JSON; at most {MAX_METADATA_BYTES} are allowed")
    return encoded


def check_value(value: object, depth: int, room: Room) -> None:
    """Raise DocumentError unless this is JSON that has room, and whose numbers SQLite can hold."""
    if depth > MAX_METADATA_DEPTH:
        raise DocumentError(f"metadata is nested deeper than {MAX_METADATA_DEPTH}")
    match value:
        case None | bool() | str():
            room.take(len(value) + 2 if isinstance(value, str) else 4)
        case int():
            room.take(1)
            if not MIN_INTEGER <= value <= MAX_INTEGER:
                raise DocumentError("metadata holds an integer that needs more than 64 bits")
        case float():
            room.take(3)
            if not math.isfinite(value):
                raise DocumentError("metadata holds a number that is not finite")
        case list():
            room.take(len(value) + 1)  # brackets, and commas between
            for element in value:
                check_value(element, depth + 1, room)
        case dict():
            room.take(len(value) + 1)
            for field, inner in value.items():
                if not isinstance(field, str):
                    raise DocumentError("metadata has a field whose name is not a string")
                room.take(len(field) + 3)  # quotes and a colon
                check_value(inner, depth + 1, room)
        case _:
            raise DocumentError(f"metadata holds a {type(value).__name__}, which is not JSON")
