"""A TLS 1.3 hello that offers one finite-field group alone, whose exchange costs a server much and a client nothing."""

import secrets

FFDHE8192, KEY_BYTES = 0x0104, 1024  # RFC 7919
TLS_1_2, TLS_1_3 = b"\x03\x03", b"\x03\x04"
AES_128_GCM_SHA256 = b"\x13\x01"
SIGNATURES = b"\x04\x03\x08\x04\x04\x01"
GROUPS_EXTENSION, SIGNATURES_EXTENSION, VERSIONS_EXTENSION, SHARES_EXTENSION = 10, 13, 43, 51


def make_hello() -> bytes:
    """Return the record of a ClientHello (RFC 8446, section 4.1.2)."""
    group = FFDHE8192.to_bytes(2, "big")
    key = b"\x7f" + secrets.token_bytes(KEY_BYTES - 1)
    extensions = b"".join(
        kind.to_bytes(2, "big") + sized(content, 2)
        for kind, content in (
            (GROUPS_EXTENSION, sized(group, 2)),
            (SIGNATURES_EXTENSION, sized(SIGNATURES, 2)),
            (VERSIONS_EXTENSION, sized(TLS_1_3, 1)),
            (SHARES_EXTENSION, sized(group + sized(key, 2), 2)),
        )
    )
    random_, session = secrets.token_bytes(32), sized(secrets.token_bytes(32), 1)
    body = TLS_1_2 + random_ + session + sized(AES_128_GCM_SHA256, 2) + sized(b"\0", 1) + sized(extensions, 2)
    return b"\x16\x03\x01" + sized(b"\x01" + sized(body, 3), 2)


def sized(content: bytes, width: int) -> bytes:
    """Return content after its length, in so many bytes."""
    return len(content).to_bytes(width, "big") + content
