"""The CRCs that documents and vectors carry. Each is over the key too, so that rows cannot trade places unnoticed.

And the digest of a text, by which equal ones are found.
"""

import hashlib
import zlib

CRC_BITS = 0xFFFFFFFF


def checksum(key: int, id_: str, text: str, metadata: bytes, expires_ms: int | None = None) -> int:
    """Return the CRC of a document under its key."""
    return bytes_checksum(key, id_.encode(), text.encode(), metadata, expires_ms)


def bytes_checksum(key: int, id_: bytes, text: bytes, metadata: bytes, expires_ms: int | None = None) -> int:
    """Do the same for bytes that may no longer be text. An id holds no NUL, so none of its bytes can pass for text."""
    crc = zlib.crc32(metadata, zlib.crc32(text, zlib.crc32(id_ + b"\0", key & CRC_BITS)))
    return crc if expires_ms is None else zlib.crc32(expires_ms.to_bytes(8, "little", signed=True), crc)


def digest_of_text(text: bytes) -> int:
    """Return the first 64 bits of BLAKE2b (RFC 7693) of 8 bytes, as SQLite's signed integer; equal texts have one."""
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little", signed=True)


def vector_checksum(key: int, blob: bytes) -> int:
    """Return the CRC of a vector under its key, so that a vector under another one's key differs too."""
    return zlib.crc32(blob, key & CRC_BITS)
