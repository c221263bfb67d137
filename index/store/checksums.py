"""The CRCs that documents and vectors carry. Each is over the key too, so that rows cannot trade places unnoticed."""

import zlib

CRC_BITS = 0xFFFFFFFF


def checksum(key: int, id_: str, text: str, metadata: bytes) -> int:
    """Return the CRC of a document under its key."""
    return bytes_checksum(key, id_.encode(), text.encode(), metadata)


def bytes_checksum(key: int, id_: bytes, text: bytes, metadata: bytes) -> int:
    """Do the same for bytes that may no longer be text. An id holds no NUL, so none of its bytes can pass for text."""
    return zlib.crc32(metadata, zlib.crc32(text, zlib.crc32(id_ + b"\0", key & CRC_BITS)))


def vector_checksum(key: int, blob: bytes) -> int:
    """Return the CRC of a vector under its key, so that a vector under another one's key differs too."""
    return zlib.crc32(blob, key & CRC_BITS)
