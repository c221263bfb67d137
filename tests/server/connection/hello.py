"""A TLS 1.3 hello that offers what no client would: one group for the exchange of keys, of the finite fields."""

import secrets

# RFC 7919: name of the group, and bytes of its public keys.
FFDHE2048, FFDHE8192 = (0x0100, 256), (0x0104, 1024)
SIGNATURES = (0x0403, 0x0804, 0x0401)  # ECDSA over P-256, RSA-PSS and RSA with SHA-256
CIPHER, TLS_1_2, TLS_1_3 = 0x1301, 0x0303, 0x0304


def client_hello(group: int, key_bytes: int) -> bytes:
    """Return the record of a ClientHello (RFC 8446, section 4.1.2) with a key share of this group and no other."""
    key = b"\x7f" + secrets.token_bytes(key_bytes - 1)  # below the group's prime, which begins with 64 ones
    extensions = (
        _extension(0x000A, _sized(_short(group), 2))
        + _extension(0x000D, _sized(b"".join(map(_short, SIGNATURES)), 2))
        + _extension(0x002B, _sized(_short(TLS_1_3), 1))
        + _extension(0x0033, _sized(_short(group) + _sized(key, 2), 2))
    )
    body = (
        _short(TLS_1_2)
        + secrets.token_bytes(32)
        + _sized(secrets.token_bytes(32), 1)
        + _sized(_short(CIPHER), 2)
        + _sized(b"\0", 1)
        + _sized(extensions, 2)
    )
    return b"\x16\x03\x01" + _sized(b"\x01" + _sized(body, 3), 2)


def _short(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _sized(content: bytes, width: int) -> bytes:
    """Return content after its length."""
    return len(content).to_bytes(width, "big") + content


def _extension(kind: int, content: bytes) -> bytes:
    return _short(kind) + _sized(content, 2)
