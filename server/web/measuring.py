"""What decoding a body of JSON would make, from its bytes: how many values there are, and what memory they take.

One pass over the bytes in parts, between which other threads run; what stands in texts is left out.
"""

import msgspec
import numpy as np

from server.web.aside import give_way

PART_BYTES = 1 << 20
# A number and its place in a list; besides that a list or an object, if empty; a text besides its characters.
NUMBER_BYTES, CONTAINER_BYTES, TEXT_BYTES = 32, 40, 50

# The first byte of a character of four bytes in UTF-8 is at least this.
FOUR_BYTES = 0xF0
# Times the bytes of a body: characters of two bytes each or of four, and UTF-8, less the body itself.
WIDER, WIDEST = 2, 4

_COMMA, _QUOTE, _LIST, _OBJECT = b',"[{'


class Measure(msgspec.Struct):
    """Counts of what a body holds: values of any kind, and those of them that are lists and objects, or texts.

    `text_bytes` are those of its texts in the body, at most; of MessagePack without texts of fewer than 32 bytes.
    """

    values: int = 1
    containers: int = 0
    texts: int = 0
    text_bytes: int = 0

    @property
    def size_bytes(self) -> int:
        """The memory of the values, the characters of texts left out."""
        return NUMBER_BYTES * self.values + CONTAINER_BYTES * self.containers + TEXT_BYTES * self.texts


def widening(body: bytes) -> int:
    """Return how many times the bytes of a body's texts their characters take at most, besides the body itself.

    CPython stores every character of a text as wide as its widest (PEP 393), and UTF-8 beside once it is asked for.
    """
    if not body or (body.isascii() and b"\\u" not in body):
        return 0
    return WIDEST if b"\\u" in body or int(np.frombuffer(body, np.uint8).max()) >= FOUR_BYTES else WIDER


def measure_json(body: bytes) -> Measure:
    """Count what a body holds; of what is not JSON the counts mean nothing, and its decoder refuses it."""
    found, start, quoted = Measure(text_bytes=len(body)), 0, 0
    while start < len(body):
        give_way()
        end = min(len(body), start + PART_BYTES)
        part = body[start:end]
        if (len(part) - len(part.rstrip(b"\\"))) % 2:  # the last one belongs to what it escapes
            part += body[end : end + 1]
        if b"\\" in part:
            part = part.replace(rb"\\", b"..").replace(rb"\"", b"..")
        codes = np.frombuffer(part, np.uint8)
        quotes = codes == _QUOTE
        inside = (np.cumsum(quotes, dtype=np.uint8) + quoted) & 1
        outside = codes[inside == 0]
        openings = int(np.count_nonzero((outside == _LIST) | (outside == _OBJECT)))
        found.containers += openings
        found.values += openings + int(np.count_nonzero(outside == _COMMA))
        # Each text ends with a quote that is outside; keys are counted, too.
        found.texts += int(np.count_nonzero(outside == _QUOTE))
        quoted, start = int(inside[-1]), start + len(part)
    return found
