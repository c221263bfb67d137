"""A client's key: `vecd_<id>_<secret>`, of which a salted SHA-256 is kept.

A secret is 256 random bits, so one round of SHA-256 is enough: it cannot be guessed.
"""

import datetime
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Annotated

import msgspec

from server.web.key_scopes import KeyScope

PREFIX = "vecd"
ID_BYTES, SALT_BYTES, SECRET_BYTES = 6, 16, 32

# A salt, and the SHA-256 of the salt and the secret.
SaltedHash = tuple[bytes, bytes]
Salt = Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{2 * SALT_BYTES}}}$")]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]

# A secret is compared with this where no key has its id, so that both cases take the same time.
NO_KEY_HASH: SaltedHash = (secrets.token_bytes(SALT_BYTES), secrets.token_bytes(SECRET_BYTES))


class Key(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key as the file holds it; salt and sha256 in hexadecimal digits."""

    id: Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{2 * ID_BYTES}}}$")]
    name: str
    scopes: tuple[KeyScope, ...]
    created: datetime.datetime
    salt: Salt
    sha256: Digest

    @property
    def salted_hash(self) -> SaltedHash:
        return bytes.fromhex(self.salt), bytes.fromhex(self.sha256)


def new_key(name: str, scopes: Sequence[KeyScope]) -> tuple[Key, str]:
    """Return a key, and the token for the client, which cannot be restored later."""
    secret, salt = secrets.token_hex(SECRET_BYTES), secrets.token_bytes(SALT_BYTES)
    key = Key(
        id=secrets.token_hex(ID_BYTES),
        name=name,
        scopes=tuple(scopes),
        created=datetime.datetime.now(datetime.UTC).replace(microsecond=0),
        salt=salt.hex(),
        sha256=_digest(salt, secret).hex(),
    )
    return key, f"{PREFIX}_{key.id}_{secret}"


def matches(secret: str, salted_hash: SaltedHash) -> bool:
    """Compare a secret with a hash in constant time."""
    salt, digest = salted_hash
    return hmac.compare_digest(_digest(salt, secret), digest)


def _digest(salt: bytes, secret: str) -> bytes:
    return hashlib.sha256(salt + secret.encode()).digest()
