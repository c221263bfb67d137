"""MessagePack: encoding, with arrays of float32, and the number of values in a body before it is decoded.

An empty map is a single byte. Values follow each other, and the first byte of each says its type and length; maps and
lists have no end marker. So one pass from left to right sees every value, without a stack.
"""

import re
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from server.web.measuring import Measure

MESSAGE_PACK = ("application/vnd.msgpack", "application/x-msgpack")

# Short values that hold no others: numbers, true, false, nil, texts of fewer than 32 bytes.
_FIXED = {b"\xcc\xd0": 1, b"\xcd\xd1": 2, b"\xca\xce\xd2": 4, b"\xcb\xcf\xd3": 8}
_NUMBERS = [b"[%s].{%d}" % (first, size) for first, size in _FIXED.items()]
_SHORT = [b"[%c]" % (0xA0 + size) + b".{%d}" % size for size in range(32)]
_PLAIN = b"(?:[\x00-\x7f\xc0-\xc3\xe0-\xff]|%s)" % b"|".join([*_NUMBERS, *_SHORT])
PLAIN = re.compile(_PLAIN, re.DOTALL)
# These, and the first bytes of maps and lists of fewer than 16 elements, which are the whole head.
SHORT = re.compile(b"(?:%s|[\x80-\x9f])*+" % _PLAIN, re.DOTALL)
# So many bytes of short values are counted at a time; then other threads run.
PART_BYTES = 1 << 16
# By first byte: how many bytes hold the length of the content, and how many more follow besides the content.
LENGTHS = {0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1)}
LENGTHS |= {0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0)}
HEADS = {0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
EXTENSIONS = {0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17}


def measure_packed(body: bytes, most: int) -> Measure:
    """Count what a body holds, up to more than `most` values; malformed bytes are left to the decoder."""
    found, place, end = Measure(0), 0, len(body)
    while found.values <= most:
        if (short := SHORT.match(body, place, place + PART_BYTES)) and short[0]:
            heads, values = PLAIN.subn(b"", short[0])
            found.containers += len(heads)
            found.values += values + len(heads)
            place = short.end()
            continue
        if place >= end:
            break
        first = body[place]
        found.values += 1
        if first in LENGTHS:
            size, more = LENGTHS[first]
            length = int.from_bytes(body[place + 1 : place + 1 + size])
            place += 1 + size + more + length
            found.texts += 1
            found.text_bytes += length
        elif first in HEADS:
            place += 1 + HEADS[first]
            found.containers += 1
        elif first in EXTENSIONS:
            place += 1 + EXTENSIONS[first]
            found.texts += 1
        else:
            break
    return found


def encode_message_pack(content: Any) -> bytes:
    """Return content in MessagePack; arrays of float32 keep that type, which takes half the bytes of float64."""
    return msgspec.msgpack.encode(content, enc_hook=_pack_array)


def _pack_array(array: NDArray[np.float32]) -> msgspec.Raw:
    """Encode an array (dimensions,) or (rows, dimensions)."""
    if array.ndim == 1:
        return msgspec.Raw(_pack_rows(array[None]))
    return msgspec.Raw(b"\xdd" + len(array).to_bytes(4, "big") + _pack_rows(array))


def _pack_rows(rows: NDArray[np.float32]) -> bytes:
    # Each row is the head of an array, then 0xca and four big-endian bytes for each number.
    count, width = rows.shape
    numbers = np.empty((count, width, 5), np.uint8)
    numbers[:, :, 0] = 0xCA
    numbers[:, :, 1:] = rows.astype(">f4").view(np.uint8).reshape(count, width, 4)
    head = np.frombuffer(_head_of(width), np.uint8)
    return np.concatenate([np.tile(head, (count, 1)), numbers.reshape(count, 5 * width)], axis=1).tobytes()


def _head_of(length: int) -> bytes:
    """Return the head of an array, with a length of 16 bits, or of 32 where it needs them."""
    return b"\xdc" + length.to_bytes(2, "big") if length < 1 << 16 else b"\xdd" + length.to_bytes(4, "big")
